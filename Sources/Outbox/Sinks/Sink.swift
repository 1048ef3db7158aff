/// A place events are delivered to. Used on the thread of its courier only; it may block there.
protocol Sink {
    /// The most events and bytes of one delivery.
    var limits: DeliveryLimits { get }
    /// Whether events of value may come to it before others that are older (decision 13); false
    /// when a sink does not say.
    var mayOvertake: Bool { get }

    /// What the service said that it has, with the last delivery; nil when it did not say it.
    var service: ServicePlace? { get }

    /// Delivers events, oldest first, after those that end at `cursor`.
    ///
    /// It may take several calls for the same events; which of them arrived is told by the answer,
    /// for all of them together. What it does stops soon after `deadline` says so.
    mutating func deliver(
        _ events: [StoredEvent], after cursor: Ledger.Cursor, deadline: Deadline
    ) -> Delivery

    /// Does what is due while there is nothing to deliver, or while the courier waits before it
    /// tries again: then it must not connect.
    ///
    /// - Returns: when it wants to be called again, on the boot clock; nil for not before the next
    ///   delivery or wake-up.
    mutating func tend(mayConnect: Bool, report: SinkReport, deadline: Deadline) -> Int64?

    /// Somebody asks for a try now: what it waits for by itself is over.
    mutating func tryNow()

    /// The last call: takes leave.
    mutating func end(_ farewell: StateFarewell)
}

/// Most sinks do nothing between deliveries.
extension Sink {
    mutating func tend(mayConnect: Bool, report: SinkReport, deadline: Deadline) -> Int64? { nil }
    mutating func tryNow() {}
    mutating func end(_ farewell: StateFarewell) {}
}

extension Sink {
    var mayOvertake: Bool { false }
    var service: ServicePlace? { nil }
}

/// The most that is delivered at once.
struct DeliveryLimits: Sendable {
    var events: Int
    /// Of `Event.weight`; the last event may go beyond.
    var bytes: Int
}

/// What became of a delivery.
enum Delivery: Sendable, Equatable {
    /// The sink has all of them, durably, and is at this place now.
    case stored(place: Int64)
    /// The sink would not have one of them, for what it is.
    case rejected(SinkFault)
    /// The sink would not have them, for what one of them is or for who sends them.
    case denied(SinkFault)
    /// The sink takes fewer at once.
    case tooLarge(SinkFault)
    /// The sink has none of them, or is not known to; no earlier than `after` it may be tried again.
    case failed(SinkFault, after: Duration?)
}
