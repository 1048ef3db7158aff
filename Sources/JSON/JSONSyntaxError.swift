/// Why a document could not be read: the first fault, with its place.
public struct JSONSyntaxError: Error, Hashable, Sendable {
    /// Where the fault is.
    public let position: JSONPosition
    /// What stands there.
    public let found: String
    /// What should stand there, or how to mend it.
    public let expected: String

    /// Makes an error.
    public init(position: JSONPosition, found: String, expected: String) {
        self.position = position
        self.found = found
        self.expected = expected
    }
}

extension JSONSyntaxError: CustomStringConvertible {
    /// `line:column: what is there, and what was expected`.
    public var description: String { "\(position): \(found), expected \(expected)" }
}
