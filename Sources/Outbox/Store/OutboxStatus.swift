/// What a status shows of the store and its sinks.
public struct OutboxStatus: Sendable {
    /// The store's health.
    public var health: StoreHealth
    /// The sequence of the newest event; 0 before the first.
    public var lastSequence: Int64
    /// Events dropped before they had a sequence, since the start.
    public var dropped: Int
    /// Events dropped after they had one, since the start; each is named in a notice.
    public var shed: Int
    /// Events refused to their callers, since the start.
    public var refused: Int
    /// Events some sink would not have.
    public var rejected: Int
    /// The length of the database and its log, in bytes.
    public var fileSize: Int64
    /// The part of the quota that is used, 0 to 1.
    public var used: Double
    /// Each time a damaged database was put aside since the start, and what was saved.
    public var salvages: [SalvageReport]
    /// The accounts that did not come out even when they were last looked at, once a minute.
    public var mismatches: [Account]
    /// The sinks, in the order of the configuration.
    public var sinks: [SinkStatus]
}

/// What a status shows of a sink.
public struct SinkStatus: Sendable {
    /// Its kind and address.
    public var name: String
    /// Events it has not got.
    public var depth: Int
    /// How long the oldest of them has waited; nil when there is none.
    public var oldestAge: Duration?
    /// The sequence of the last event it has.
    public var cursor: Int64
    /// The sequence up to which it has all events of value, also those that have overtaken; at
    /// least `cursor`.
    public var express: Int64
    /// Why it does not take events just now; nil when it does.
    public var fault: SinkFault?
    /// How long until it is tried again.
    public var retryIn: Duration?
    /// Failed tries in a row.
    public var failures: Int
    /// When it last took events, in nanoseconds since 1970.
    public var lastDelivery: Int64?
    /// What its service said last that it has; nil when it has not said it since the start.
    public var service: ServicePlace?
    /// What its service misses of what counts as delivered and is still kept, as far as was known
    /// when nothing waited any more; nil when it is nothing.
    public var missed: MissedEvents?
}

/// An event that a sink would not have.
public struct RejectedEvent: Sendable {
    /// The event.
    public var event: StoredEvent
    /// The name of the sink.
    public var sink: String
    /// What the sink said.
    public var reason: String
    /// When, in nanoseconds since 1970.
    public var unixNanoseconds: Int64
    /// Whether it is about to be sent again.
    public var isRetrying: Bool
}

/// A part of the kept events.
public struct EventPage: Sendable {
    /// The events that were asked for, oldest first.
    public var events: [StoredEvent]
    /// What to ask for to go on: everything up to this sequence has been looked at.
    public var through: Int64
    /// Whether there is more behind it.
    public var hasMore: Bool
}
