/// Why the store did not do what it was asked for.
public struct OutboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds a caller can do something about.
    public enum Code: Sendable, Hashable {
        /// No room: the quota or the disk is full, or too much waits. Nothing was stored.
        case full
        /// The event is longer than `Event.longestData` or `Event.longestName`.
        case tooLarge
        /// The disk or the database failed. Nothing was acknowledged.
        case storage
        /// Another process has the store open.
        case locked
        /// The store was written by a newer hubd.
        case newerSchema
        /// A setting cannot be used.
        case setting
        /// The store is closed, or closing.
        case closed
        /// There is no such rejected event.
        case unknownEvent
    }

    /// What kind of thing went wrong.
    public var code: Code
    /// What happened, to which thing, and how to mend it.
    public var text: String

    /// The text.
    public var description: String { text }

    /// Makes an error; `text` names the thing and the mend.
    init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }
}
