/// Something that happened and is to be kept and delivered.
///
/// An event has no id yet: it gets its id and its sequence number in the transaction that makes it
/// durable, and is a `StoredEvent` from then on.
public struct Event: Sendable, Equatable {
    /// What an event is worth when there is no room for all.
    public enum Class: UInt8, Sendable, CaseIterable {
        /// Never dropped: a measurement, a coupon, a card, a shake. Refused when there is no room.
        case value = 0
        /// Coming and going; the oldest are dropped, and counted, when there is no room.
        case presence = 1
        /// Figures about the hub itself; dropped before presence.
        case telemetry = 2
    }

    /// The longest `data` that is taken, in bytes. 256 KiB is what public event services take for
    /// a message, and a quarter of the reserve file.
    public static let longestData = 256 * 1_024
    /// The longest `type` and `subject` that are taken, in bytes of UTF-8.
    public static let longestName = 1_024

    /// What kind of thing happened: `org.hubd.<noun>.<past verb>.v1`.
    public var type: String
    /// What it happened to; left out of the CloudEvent when empty.
    public var subject: String
    /// When it happened.
    public var time: EventTime
    /// What is known about it: one JSON value, already valid; left out when empty.
    public var data: [UInt8]
    /// What it is worth when there is no room.
    public var eventClass: Class

    /// Makes an event.
    public init(
        type: String, subject: String, time: EventTime, data: [UInt8], class eventClass: Class
    ) {
        self.type = type
        self.subject = subject
        self.time = time
        self.data = data
        self.eventClass = eventClass
    }

    /// Whether the event keeps to the limits above.
    var isWithinLimits: Bool {
        data.count <= Self.longestData && type.utf8.count <= Self.longestName
            && subject.utf8.count <= Self.longestName
    }
}

/// What the caller of `Store.append` gets for an event that is durable.
public struct Receipt: Sendable, Hashable {
    /// Its place among all events of the hub: 1, 2, 3, … without gaps.
    public var sequence: Int64
    /// Its id.
    public var id: UniqueID
}
