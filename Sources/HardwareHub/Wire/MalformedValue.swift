/// Why bytes from outside are not what they claim to be: what, and at which byte.
///
/// The text is always a literal, so throwing one allocates nothing.
public struct MalformedValue: Error, Hashable, Sendable {
    /// What kind of fault it is.
    public enum Kind: Sendable {
        /// The value ends before the field that its own flags or lengths announce.
        case missing
        /// A field of a self-describing message has another type than it should.
        case mistyped
        /// The bytes are there and cannot be right.
        case invalid
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// The field that is missing or mistyped, or a sentence on what is wrong.
    public let subject: String
    /// The offset of the field from the start of the value, in bytes.
    public let position: Int

    /// A field that should start at `position` and is not whole.
    public static func missing(_ field: String, at position: Int) -> MalformedValue {
        MalformedValue(kind: .missing, subject: field, position: position)
    }

    /// A field at `position` that has another type than it should.
    public static func mistyped(_ field: String, at position: Int) -> MalformedValue {
        MalformedValue(kind: .mistyped, subject: field, position: position)
    }

    /// Something that cannot be right at `position`.
    public static func invalid(_ sentence: String, at position: Int) -> MalformedValue {
        MalformedValue(kind: .invalid, subject: sentence, position: position)
    }

    /// The same fault, seen from a value that holds this one `offset` bytes in.
    func shifted(by offset: Int) -> MalformedValue {
        MalformedValue(kind: kind, subject: subject, position: position &+ offset)
    }
}

extension MalformedValue: CustomStringConvertible {
    /// `byte 14: pulse rate missing`.
    public var description: String {
        switch kind {
        case .missing: "byte \(position): \(subject) missing"
        case .mistyped: "byte \(position): \(subject) of another type than it should be"
        case .invalid: "byte \(position): \(subject)"
        }
    }
}
