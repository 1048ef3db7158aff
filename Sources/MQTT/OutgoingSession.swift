/// The sending half of an MQTT session: which messages wait for their acknowledgement, and under
/// which packet identifier (MQTT 5.0, §4.3, §4.4, §4.9).
///
/// Messages are known by a tag of the caller's. It outlives connections: a message that was sent
/// over one that broke is sent again under the same identifier, so that a broker that has kept its
/// half knows it.
public struct OutgoingSession: Sendable {
    /// How a message is to be sent.
    public enum Start: Sendable, Hashable {
        /// For the first time.
        case publish(UInt16)
        /// Again, marked as a duplicate.
        case again(UInt16)
        /// The broker has it: PUBREL only.
        case release(UInt16)
    }

    /// What an acknowledgement says.
    public enum Outcome: Sendable, Hashable {
        /// The message is through, or was refused.
        case ended(tag: Int64, ReasonCode)
        /// PUBREL is to be sent.
        case release(UInt16)
        /// Nothing waits for it.
        case unknown
    }

    private struct Flight: Sendable {
        let tag: Int64
        var isReceived = false
        /// What PUBREC said, for the end.
        var reason = ReasonCode.success
        /// Whether it was sent over this connection.
        var isOpen = true
    }

    private var flights: [UInt16: Flight] = [:]
    private var ids: [Int64: UInt16] = [:]
    private var last: UInt16 = 0
    /// How many messages may wait over this connection.
    public private(set) var window: Int
    private var open = 0

    /// The level of all its messages: 1 or 2.
    public let qos: QoS

    /// Makes a session of which nobody knows.
    public init(qos: QoS, window: Int) {
        self.qos = qos
        self.window = min(max(1, window), Self.widest)
    }

    /// Half of the identifiers there are: one is always found soon.
    private static let widest = 32_768

    /// Whether one more message may be sent now.
    public var hasRoom: Bool { open < window && flights.count < Self.widest }
    /// How many messages wait over this connection.
    public var waiting: Int { open }
    /// The tags of all messages that wait, also from connections before.
    public var tags: Set<Int64> { Set(ids.keys) }

    /// A new connection: nothing was sent over it yet.
    ///
    /// - Parameters:
    ///   - isKept: whether the broker has kept its half; if not, ours is of no use.
    ///   - window: how many messages may wait over this connection.
    public mutating func connected(isKept: Bool, window: Int) {
        self.window = min(max(1, window), Self.widest)
        open = 0
        guard isKept else {
            flights = [:]
            ids = [:]
            return
        }
        for id in Array(flights.keys) { flights[id]?.isOpen = false }
    }

    /// Begins to send a message; there must be room.
    public mutating func begin(_ tag: Int64) -> Start {
        if let id = ids[tag], let flight = flights[id] {
            if !flight.isOpen {
                flights[id]?.isOpen = true
                open += 1
            }
            return flight.isReceived ? .release(id) : .again(id)
        }
        repeat { last = last == .max ? 1 : last + 1 } while flights[last] != nil
        flights[last] = Flight(tag: tag)
        ids[tag] = last
        open += 1
        return .publish(last)
    }

    /// An acknowledgement has come.
    public mutating func received(_ answer: Acknowledgement) -> Outcome {
        guard let flight = flights[answer.id], flight.isOpen else { return .unknown }
        switch answer.stage {
        case .published:
            guard qos == .atLeastOnce else { return .unknown }
            return end(answer.id, flight, answer.reason)
        case .received:
            guard qos == .exactlyOnce else { return .unknown }
            if answer.reason.isFailure {
                guard !flight.isReceived else { return .unknown }
                return end(answer.id, flight, answer.reason)
            }
            if !flight.isReceived { flights[answer.id]?.reason = answer.reason }
            flights[answer.id]?.isReceived = true
            return .release(answer.id)
        case .completed:
            guard flight.isReceived else { return .unknown }
            // The broker had it already, or has forgotten it since (0x92): it has it either way.
            return end(answer.id, flight, flight.reason)
        }
    }

    private mutating func end(
        _ id: UInt16, _ flight: Flight, _ reason: ReasonCode
    ) -> Outcome {
        flights[id] = nil
        ids[flight.tag] = nil
        open -= 1
        return .ended(tag: flight.tag, reason)
    }
}
