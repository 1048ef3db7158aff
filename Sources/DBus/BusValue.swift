/// One value of any D-Bus type but a file descriptor.
///
/// Descriptors have an owner and cannot be copied; `MessageReader.descriptor()` reads them.
public indirect enum BusValue: Hashable, Sendable {
    /// `b`
    case bool(Bool)
    /// `y`
    case byte(UInt8)
    /// `n`
    case int16(Int16)
    /// `q`
    case uint16(UInt16)
    /// `i`
    case int32(Int32)
    /// `u`
    case uint32(UInt32)
    /// `x`
    case int64(Int64)
    /// `t`
    case uint64(UInt64)
    /// `d`
    case double(Double)
    /// `s`; a NUL, which D-Bus cannot carry, is sent as U+FFFD.
    case string(String)
    /// `o`
    case objectPath(ObjectPath)
    /// `g`
    case signature(Signature)
    /// `ay`
    case bytes([UInt8])
    /// `a…` of anything but bytes and entries; every element has the given single type.
    case array(of: Signature, [BusValue])
    /// `a{…}`; keys have a basic type.
    case dictionary(key: Signature, value: Signature, [Entry])
    /// `(…)`, with at least one field.
    case structure([BusValue])
    /// `v`
    case variant(BusValue)

    /// One entry of a dictionary.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: BusValue
        /// The value.
        public let value: BusValue

        /// Makes an entry.
        public init(_ key: BusValue, _ value: BusValue) {
            self.key = key
            self.value = value
        }
    }

    /// The type `a{sv}` that carries named values, in the order given.
    public static func options(_ values: KeyValuePairs<String, BusValue>) -> BusValue {
        .options(values.map { ($0.key, $0.value) })
    }

    /// The same from a list.
    public static func options(_ values: [(String, BusValue)]) -> BusValue {
        .dictionary(
            key: "s", value: "v", values.map { Entry(.string($0.0), .variant($0.1)) })
    }

    /// The type `as`.
    public static func strings(_ values: [String]) -> BusValue {
        .array(of: "s", values.map(BusValue.string))
    }

    /// The type in D-Bus notation.
    public var type: Signature { Signature(checked: typeText) }

    private var typeText: String {
        switch self {
        case .bool: "b"
        case .byte: "y"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .bytes: "ay"
        case .array(let element, _): "a" + element.text
        case .dictionary(let key, let value, _): "a{" + key.text + value.text + "}"
        case .structure(let fields): "(" + fields.map(\.typeText).joined() + ")"
        case .variant: "v"
        }
    }
}

// MARK: Taking values apart

extension BusValue {
    /// The text of a string, an object path or a signature, also inside a variant.
    public var string: String? {
        switch self {
        case .string(let text): text
        case .objectPath(let path): path.text
        case .signature(let signature): signature.text
        case .variant(let value): value.string
        default: nil
        }
    }

    /// The value of any integer type that fits, also inside a variant.
    public var integer: Int64? {
        switch self {
        case .byte(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .uint16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .uint32(let value): Int64(value)
        case .int64(let value): value
        case .uint64(let value): Int64(exactly: value)
        case .variant(let value): value.integer
        default: nil
        }
    }

    /// The value of a double or any integer, also inside a variant.
    public var number: Double? {
        switch self {
        case .double(let value): value
        case .uint64(let value): Double(value)
        case .variant(let value): value.number
        default: integer.map(Double.init)
        }
    }

    /// The value of a boolean, also inside a variant.
    public var bool: Bool? {
        switch self {
        case .bool(let value): value
        case .variant(let value): value.bool
        default: nil
        }
    }

    /// The bytes of an `ay`, also inside a variant.
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .variant(let value): value.bytes
        default: nil
        }
    }

    /// The elements of an array or the fields of a structure, also inside a variant.
    public var elements: [BusValue]? {
        switch self {
        case .array(_, let elements), .structure(let elements): elements
        case .variant(let value): value.elements
        default: nil
        }
    }

    /// The entries of a dictionary, also inside a variant.
    public var entries: [Entry]? {
        switch self {
        case .dictionary(_, _, let entries): entries
        case .variant(let value): value.entries
        default: nil
        }
    }

    /// The value under a text key of a dictionary, taken out of its variant; the first one counts.
    public subscript(key: String) -> BusValue? {
        entries?.first { $0.key.string == key }?.value.content
    }

    /// The value inside a variant, or the value itself.
    public var content: BusValue {
        if case .variant(let value) = self { value.content } else { self }
    }
}
