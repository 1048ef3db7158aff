import Foundation
public import Testing

/// One test vector: bytes, what they mean and who says so.
///
/// The files in `Tests/Vectors` are lists of these; `origin` is `published` (printed in a public
/// test or page), `captured` (recorded from a device) or `computed` (built from the rules).
public struct Vector: Sendable, CustomTestStringConvertible {
    /// The name of the file.
    public let area: String
    /// What the entry shows.
    public let name: String
    /// The input bytes; empty where an area has none.
    public let bytes: [UInt8]
    /// Expected result, key to value; numbers are kept as they compare.
    public let decoded: [String: Value]
    /// How much the entry is worth.
    public let origin: String
    /// Where the entry comes from.
    public let source: String

    /// What a failing test prints.
    public var testDescription: String { "\(area): \(name)" }

    /// A JSON value of a vector.
    public enum Value: Sendable, Equatable {
        case number(Double)
        case string(String)
        case bool(Bool)
        case list([Value])
    }

    /// The vectors of one area, from `Tests/Vectors/<area>.json`.
    public static func all(_ area: String) -> [Vector] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/\(area).json")
        guard let data = try? Data(contentsOf: file),
            let entries = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else {
            Issue.record("cannot read \(file.path)")
            return []
        }
        return entries.map { Vector(area: area, entry: $0) }
    }

    private init(area: String, entry: [String: Any]) {
        self.area = area
        name = entry["name"] as? String ?? ""
        bytes = hex(entry["hex"] as? String ?? "")
        decoded = (entry["decoded"] as? [String: Any] ?? [:]).compactMapValues(Vector.value)
        origin = entry["origin"] as? String ?? ""
        source = entry["source"] as? String ?? ""
    }

    private static func value(_ any: Any) -> Value? {
        switch any {
        case let number as NSNumber:
            // JSON true and false arrive as NSNumber too; objCType "c" tells them apart.
            unsafe String(cString: number.objCType) == "c"
                ? .bool(number.boolValue) : .number(number.doubleValue)
        case let string as String: .string(string)
        case let list as [Any]: .list(list.compactMap(value))
        default: nil
        }
    }
}

/// The bytes of lower- or upper-case hexadecimal text; stops at what is not a digit.
public func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
    }
}
