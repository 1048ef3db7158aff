import Foundation
import HardwareHub
import TestSupport
import Testing

@Suite("The schema of measurements knows all that the drivers say")
struct MeasurementSchemaTests {
    private let schema: [String: Any]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/schemas/org.hubd.measurement.recorded.v1.json")
        schema = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    }

    private func at(_ path: String..., from start: Any? = nil) -> Any? {
        path.reduce(start ?? schema) { ($0 as? [String: Any])?[$1] }
    }

    @Test func kindsAndReasons() {
        let kinds = at("properties", "kind", "enum") as? [String] ?? []
        #expect(Set(kinds) == Set(MeasurementKind.allCases.map(\.rawValue)))
        let reasons = at("$defs", "absent", "properties", "reason", "enum") as? [String] ?? []
        #expect(Set(reasons) == Set(AbsentValue.Reason.allCases.map(\.rawValue)))
    }

    /// Names of values and of absent values, by kind.
    private func names(_ member: String) -> [String: Set<String>] {
        let branches = schema["allOf"] as? [[String: Any]] ?? []
        return branches.reduce(into: [:]) { result, branch in
            let kind = at("if", "properties", "kind", "const", from: branch) as? String ?? ""
            let names =
                at(
                    "then", "properties", member, "items", "properties", "name", "enum",
                    from: branch) as? [String]
            result[kind] = Set(names ?? [])
        }
    }

    /// Each value with each of its flag bytes: all fields, and all that may be absent.
    @Test func everyNameIsThere() throws {
        let (values, absent) = (names("values"), names("absent"))
        #expect(values.count == MeasurementKind.allCases.count)
        var seen: Set<String> = []
        for (kind, uuid, text) in HealthRobustnessTests.values where kind != "glucose-meter" {
            let bytes = hex(text.filter { $0 != " " })
            for flags in UInt8.min...UInt8.max {
                for filling in [UInt8?.none, 0xff] {
                    var bytes = bytes + [UInt8](repeating: 0, count: 16)
                    bytes[0] = flags
                    if let filling {
                        for index in bytes.indices.dropFirst(2) { bytes[index] = filling }
                    }
                    var session = try HealthMachineTests.session(kind)
                    session.connect()
                    session.answer()
                    session.send(uuid, bytes)
                    session.hand(.ending)
                    session.settle()
                    for measurement in session.kept { check(measurement, values, absent, &seen) }
                }
            }
        }
        for text in ["060200e807030f0e1e2d37c011", "080100e307021b0b0a1e2000"] {
            var measurement = try MeasuredValueTests.glucose(text)
            for context in ["ff0000b303640004123c0032047b00e5f0", "510000 00ff0700ff07ff07"] {
                let bytes = hex(context.filter { $0 != " " })
                measurement.add(
                    try GlucoseContext(bytes.span), raw: RawValue(0x2a34, bytes))
            }
            check(measurement, values, absent, &seen)
        }
        let words = Set(values.filter { $0.key != "steps" }.values.joined())
        #expect(words.isSubset(of: seen), "\(words.subtracting(seen)) is never said")
    }

    private func check(
        _ measurement: HardwareHub.Measurement, _ values: [String: Set<String>],
        _ absent: [String: Set<String>], _ seen: inout Set<String>
    ) {
        let kind = measurement.kind.rawValue
        let isWord = /[a-z0-9]+(-[a-z0-9]+)*/
        for name in measurement.values.map(\.name) {
            seen.insert(name)
            #expect(values[kind]?.contains(name) == true, "\(kind): \(name)")
        }
        for name in measurement.absent.map(\.name) {
            #expect(absent[kind]?.contains(name) == true, "\(kind): \(name) is absent")
        }
        for detail in measurement.details {
            #expect(detail.name.wholeMatch(of: isWord) != nil)
            if case .word(let word) = detail.content {
                #expect(word.wholeMatch(of: isWord) != nil)
            }
        }
        for word in measurement.status { #expect(word.wholeMatch(of: isWord) != nil) }
        #expect(Set(measurement.status).count == measurement.status.count)
        for code in measurement.values.compactMap(\.code) {
            #expect(code.wholeMatch(of: /[0-9]{1,7}-[0-9]/) != nil)
        }
    }
}
