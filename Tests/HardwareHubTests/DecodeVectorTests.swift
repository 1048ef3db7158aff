import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("Every vector decodes to what its source says it means")
struct DecodeVectorTests {
    static let areas: [DecodeArea] = [
        .airSync, .weChatSport, .airKissDiscovery, .etc, .bloodPressure, .temperature, .heartRate,
        .runningSpeed, .glucose, .weight, .pulseOximetry, .dateTime, .currentTime, .sfloat,
        .float32,
    ]

    /// What bytes alone cannot tell: keys stated in the vectors' names.
    static let keys: [String: [UInt8]] = [
        "InitRequest encrypted, sessionKey=a0..af": Array(0xa0...0xaf)
    ]

    static let vectors = areas.flatMap { Vector.all($0.rawValue) }

    @Test(arguments: vectors)
    func decodes(vector: Vector) throws {
        let area = try #require(DecodeArea(rawValue: vector.area))
        let aids = DecodeAids(crypto: .openSSL, key: Self.keys[vector.name])
        if vector.decoded["result"] == .string("malformed") {
            #expect(throws: MalformedValue.self) {
                try area.decode(vector.bytes.span, aids: aids)
            }
            return
        }
        let fields = try area.decode(text: Hex.lower(vector.bytes), aids: aids)
        for (key, expected) in vector.decoded {
            let value = try #require(fields[key], "\(key) is missing in \(fields)")
            #expect(value.equals(expected), "\(key) is \(value), expected \(expected)")
        }
    }

    @Test func everyAreaHasVectors() {
        for area in Self.areas { #expect(Self.vectors.contains { $0.area == area.rawValue }) }
        for name in Self.keys.keys { #expect(Self.vectors.contains { $0.name == name }) }
    }

    /// Without its key an encrypted body is shown as what it is, not refused.
    @Test func encryptedWithoutKey() throws {
        let vector = try #require(Self.vectors.first { Self.keys[$0.name] != nil })
        for key in [nil, [UInt8](repeating: 7, count: 16), [1, 2, 3]] {
            let fields = try DecodeArea.airSync.decode(
                vector.bytes.span, aids: DecodeAids(crypto: .openSSL, key: key))
            #expect(fields["encrypted"] == .bool(true))
            #expect(fields["plain"] == nil)
            #expect(fields["body"] == .text("ed94c50bc6b7ec592bca98106f59d514"))
        }
    }

    @Test(arguments: Vector.all("airkiss"))
    func airKiss(vector: Vector) throws {
        func numbers(_ value: Vector.Value?) -> [Int] {
            switch value {
            case .number(let number): [Int(number)]
            case .list(let list): list.flatMap { numbers($0) }
            default: []
            }
        }
        let base = numbers(vector.decoded["base_length"]).first ?? 0
        let text = ["guide", "magic", "prefix", "sequences"]
            .flatMap { numbers(vector.decoded[$0]) }
            .map { String($0 + base) }.joined(separator: " ")
        let fields = try DecodeArea.airKiss.decode(text: text)
        for (key, expected) in vector.decoded {
            let value = try #require(fields[key])
            #expect(value.equals(expected), "\(key) is \(value), expected \(expected)")
        }
        for word in vector.name.split(whereSeparator: { " ,:".contains($0) })
        where word.count > 2 && word.allSatisfy({ $0.isNumber || $0 == "_" || $0.isUppercase }) {
            let strings = [fields["ssid"], fields["password"]]
            #expect(strings.contains(.text(String(word))), "\(word)")
        }
    }

    /// Nothing near a valid value may trap, in any area.
    @Test(arguments: areas + [.airKiss])
    func neighbours(area: DecodeArea) {
        let aids = DecodeAids(crypto: .openSSL)
        for vector in Vector.all(area.rawValue) {
            ByteVerifier.neighbours(of: vector.bytes) { bytes in
                _ = try? area.decode(bytes.span, aids: aids)
            }
        }
    }

    @Test func inputThatIsNotHexadecimal() {
        for text in ["0", "zz", "00 0", "0x00"] {
            #expect(throws: MalformedValue.self) { try DecodeArea.sfloat.decode(text: text) }
        }
        #expect(
            isAccepted { () throws(MalformedValue) in
                try DecodeArea.sfloat.decode(text: "BD:F0")
            })
        #expect(throws: MalformedValue.self) { try DecodeArea.airKiss.decode(text: "") }
        #expect(throws: MalformedValue.self) { try DecodeArea.airKiss.decode(text: "1 2 3 4") }
    }
}
