/// What bytes say, as names and values in a fixed order: what `hubctl decode` prints.
public struct DecodedFields: Hashable, Sendable {
    /// A value.
    public enum Value: Hashable, Sendable {
        /// Text, and bytes as lower-case hexadecimal.
        case text(String)
        /// A whole number.
        case integer(Int64)
        /// An exact decimal; its text is a JSON number.
        case decimal(Decimal10)
        /// Yes or no.
        case bool(Bool)
        /// Several values.
        case list([Value])
        /// Fields of their own.
        case fields(DecodedFields)
    }

    /// One name and its value.
    public struct Entry: Hashable, Sendable {
        /// The name; no two entries have the same.
        public let key: String
        /// The value.
        public let value: Value
    }

    /// The fields in their order.
    public private(set) var entries: [Entry] = []

    /// Makes fields without anything in them.
    public init() {}

    /// The value of a name. Setting replaces it, or adds it at the end; setting nil does nothing.
    public subscript(key: String) -> Value? {
        get { entries.first { $0.key == key }?.value }
        set {
            guard let newValue else { return }
            let entry = Entry(key: key, value: newValue)
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index] = entry
            } else {
                entries.append(entry)
            }
        }
    }

    /// Adds the fields of `others` whose names are still free.
    mutating func add(_ others: DecodedFields) {
        for entry in others.entries where self[entry.key] == nil { self[entry.key] = entry.value }
    }
}

extension DecodedFields.Value {
    /// A whole number.
    static func number(_ number: some BinaryInteger) -> Self {
        .integer(Int64(truncatingIfNeeded: number))
    }

    /// A decimal, or the name of a special value.
    static func medical(_ value: MedicalFloat) -> Self {
        value.decimal.map(Self.decimal) ?? .text(value.description)
    }
}
