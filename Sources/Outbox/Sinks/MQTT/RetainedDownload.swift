internal import MQTT

/// Asks a broker for a small document that it keeps as a retained message, with the limits and the
/// care of the sinks: connects, subscribes, takes the message, and goes.
public struct RetainedDownload: Sendable, Hashable {
    /// The broker; of the settings those that say how it is reached.
    public var broker: MQTTSinkSettings
    /// The topic of the document.
    public var topic: String
    /// Who the hub is to the broker for this; no other connection may have the same.
    public var clientID: String
    /// The user property whose value is handed on with the document (MQTT 5.0, §3.3.2.3.7).
    public var property: String
    /// The most bytes of the document.
    public var limit: Int

    /// What a broker may send after it was asked whether it is there, before it is believed to have
    /// nothing: retained messages go out with the answer to SUBSCRIBE.
    private static let grace: Int64 = 2_000_000_000
    /// What stands before a payload: a topic, and properties that nobody reads here.
    private static let overhead = 2 * PacketReader.usual
    private static let patience: Int64 = 500_000_000
    /// The packet identifier of the one SUBSCRIBE.
    private static let id: UInt16 = 1

    /// Makes a request.
    public init(
        _ broker: MQTTSinkSettings, topic: String, clientID: String, property: String, limit: Int
    ) {
        self.broker = broker
        self.topic = topic
        self.clientID = clientID
        self.property = property
        self.limit = limit
    }

    /// Asks, and waits for the answer; blocks for no longer than the limits.
    ///
    /// - Parameter stop: ends it before its time.
    /// - Returns: the document, or why there is none; there is no tag to compare it by.
    public func run(stop: Download.Stop = Download.Stop()) -> Download.Outcome {
        do throws(SinkFault) {
            let message = try fetch(stop.deadline)
            guard message.payload.count <= limit else { return .tooLong }
            let value = message.properties.first { $0.name == property }?.value
            return .document(body: message.payload, etag: nil, header: value)
        } catch {
            return error.code == .tooLarge ? .tooLong : .failed(error, after: nil)
        }
    }

    private func fetch(_ deadline: Deadline) throws(SinkFault) -> ReceivedMessage {
        let door = try BrokerDoor(broker, longestMessage: limit + Self.overhead)
        var packet = Connect(clientID: clientID)
        packet.isCleanStart = true
        // A broker leaves out what is longer than it was told, and nobody would know.
        packet.longestPacket = nil
        try door.sign(&packet)
        let now = BootClock.now()
        var link = try door.open(
            packet, until: now + broker.limits.connect.nanoseconds, deadline)
        link.send(ClientPacket.subscribe(to: topic, id: Self.id, link.version))
        let message = try receive(
            &link, until: now + broker.limits.whole.nanoseconds, deadline)
        if let id = message.id { link.send(ClientPacket.acknowledge(id)) }
        link.leave(within: Self.patience)
        return message
    }

    /// Waits for the message, which may come before the answer to SUBSCRIBE (§3.8.4).
    ///
    /// Each packet that is none brings it nearer to its end: a broker that goes on talking is not
    /// listened to for longer than one that is silent.
    private func receive(
        _ link: inout BrokerLink, until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) -> ReceivedMessage {
        let host = link.host
        var end = limit
        var isServed = false
        var isThere = false
        while true {
            switch try link.next(until: end, deadline: deadline) {
            case .message(let message)?:
                try check(message, host)
                return message
            case .subscribed(let answer)? where answer.id == Self.id && !isServed:
                try MQTTVerdict(host: host).check(answer, topic: topic)
                isServed = true
                link.send(ClientPacket.ping)
            case .alive? where isServed && !isThere:
                isThere = true
                end = min(limit, BootClock.now() + Self.grace)
            case .disconnected(let reason, let text)?:
                throw MQTTVerdict(host: host).ended(reason, text)
            case .connected?, .acknowledged?, .alive?, .subscribed?:
                throw SinkFault(
                    .notMQTT, "\(host) does not speak MQTT: it answers what was never asked")
            case nil where BootClock.now() < end && deadline.left > 0: break
            case nil where end < limit && deadline.left > 0: throw nothing(host)
            case nil:
                throw SinkFault(.timeout, "\(host) took too long: \(topic) did not come")
            }
        }
    }

    private func check(_ message: ReceivedMessage, _ host: String) throws(SinkFault) {
        guard message.topic == topic else {
            throw SinkFault(.notMQTT, "\(host) does not speak MQTT: a message for another topic")
        }
        // An empty one takes away what was retained (§3.3.1.3).
        guard !message.payload.isEmpty else { throw nothing(host) }
    }

    private func nothing(_ host: String) -> SinkFault {
        SinkFault(
            .noDocument,
            "\(host) has no retained message at \(topic), or does not let the hub read it: publish "
                + "the catalog there, or give this hub the right to read")
    }
}
