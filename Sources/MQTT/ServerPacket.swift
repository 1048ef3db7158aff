/// A packet that a broker sends to a client that publishes, or that has subscribed to one topic.
public enum ServerPacket: Sendable, Hashable {
    /// CONNACK: the answer to CONNECT.
    case connected(ConnectAnswer)
    /// PUBACK, PUBREC or PUBCOMP: what became of a message.
    case acknowledged(Acknowledgement)
    /// SUBACK: the answer to SUBSCRIBE.
    case subscribed(SubscribeAnswer)
    /// PUBLISH: a message that was subscribed to.
    case message(ReceivedMessage)
    /// PINGRESP: the broker is there.
    case alive
    /// DISCONNECT, MQTT 5 only: the broker ends the connection, and says why.
    case disconnected(ReasonCode, text: String)

    /// Reads the body of a packet.
    ///
    /// - Parameters:
    ///   - head: the first byte: the kind in the upper half, flags in the lower (§2.1).
    ///   - body: what follows the length.
    ///   - version: the version of the CONNECT this connection began with.
    ///   - isSubscriber: whether this client subscribes.
    /// - Throws: what is wrong with it.
    init(
        head: UInt8, body: Span<UInt8>, version: Version, isSubscriber: Bool = false
    ) throws(ProtocolFault) {
        let kind = head >> 4
        // Every packet that is taken here has reserved flags (§2.1.3), but for PUBLISH.
        switch kind {
        case PacketKind.publish where isSubscriber:
            self = .message(try ReceivedMessage(flags: head & 0x0f, body, version))
        case PacketKind.subscribed where isSubscriber && head & 0x0f == 0:
            self = .subscribed(try SubscribeAnswer(body, version))
        case PacketKind.connected where head & 0x0f == 0:
            self = .connected(try ConnectAnswer(body, version))
        case PacketKind.published where head & 0x0f == 0:
            self = .acknowledged(try Acknowledgement(.published, body, version))
        case PacketKind.received where head & 0x0f == 0:
            self = .acknowledged(try Acknowledgement(.received, body, version))
        case PacketKind.completed where head & 0x0f == 0:
            self = .acknowledged(try Acknowledgement(.completed, body, version))
        case PacketKind.alive where head & 0x0f == 0:
            guard body.isEmpty else { throw .malformed("PINGRESP") }
            self = .alive
        case PacketKind.disconnect where head & 0x0f == 0 && version == .v5:
            self = try Self.disconnected(body)
        default: throw .unexpected(kind)
        }
    }

    /// DISCONNECT (MQTT 5.0, §3.14): a reason code and properties, both of which may be left out.
    private static func disconnected(_ body: Span<UInt8>) throws(ProtocolFault) -> ServerPacket {
        var fields = FieldReader("DISCONNECT", in: body)
        guard !fields.isAtEnd else { return .disconnected(.success, text: "") }
        let reason = ReasonCode(rawValue: try fields.uint8(body))
        let properties =
            fields.isAtEnd ? Properties() : try Properties(&fields, body)
        return .disconnected(reason, text: properties.reason ?? "")
    }
}

/// The answer to CONNECT, CONNACK (MQTT 5.0, §3.2; MQTT 3.1.1, §3.2).
///
/// | bytes | field |
/// |---|---|
/// | 1 | bit 0: session present |
/// | 1 | reason code |
/// | … | properties, MQTT 5 only |
public struct ConnectAnswer: Sendable, Hashable {
    /// Whether the broker has kept the session of this client id.
    public var isSessionPresent: Bool
    /// Whether the connection is accepted, and if not, why.
    public var reason: ReasonCode
    /// What the broker says to people.
    public var text: String
    /// How many messages may wait for their acknowledgement.
    public var receiveMaximum: Int
    /// The highest level the broker serves.
    public var maximumQoS: QoS
    /// Whether the broker keeps retained messages.
    public var isRetainAvailable: Bool
    /// The longest packet the broker takes.
    public var maximumPacketSize: Int
    /// The broker's own keep-alive, in seconds; nil when ours counts.
    public var keepAlive: Int?

    init(_ body: Span<UInt8>, _ version: Version) throws(ProtocolFault) {
        var fields = FieldReader("CONNACK", in: body)
        let flags = try fields.uint8(body)
        guard flags <= 1 else { throw .malformed("CONNACK") }
        isSessionPresent = flags == 1
        let code = try fields.uint8(body)
        var properties = Properties()
        switch version {
        case .v311:
            guard fields.isAtEnd else { throw .malformed("CONNACK") }
            reason = ReasonCode(answer311: code)
        case .v5 where fields.isAtEnd:
            // A broker that knows only older versions answers in their way, with a refusal.
            reason = ReasonCode(answer311: code)
            guard reason.isFailure else { throw .malformed("CONNACK") }
        case .v5:
            reason = ReasonCode(rawValue: code)
            properties = try Properties(&fields, body)
        }
        text = properties.reason ?? ""
        // What holds when nothing is said: §3.2.2.3.3 and following; the length is that of §1.5.5.
        receiveMaximum = Int(properties.receiveMaximum ?? .max)
        maximumQoS = properties.maximumQoS.flatMap(QoS.init) ?? .exactlyOnce
        isRetainAvailable = properties.isRetainAvailable ?? true
        maximumPacketSize = Int(properties.maximumPacketSize ?? 268_435_460)
        keepAlive = properties.serverKeepAlive.map(Int.init)
    }
}

/// What became of a message: PUBACK, PUBREC or PUBCOMP (MQTT 5.0, §3.4, §3.5, §3.7).
///
/// | bytes | field |
/// |---|---|
/// | 2 | packet identifier, not 0 |
/// | 1 | reason code, MQTT 5 only; 0 when left out |
/// | … | properties, MQTT 5 only; none when left out |
public struct Acknowledgement: Sendable, Hashable {
    /// Which packet it is.
    public enum Stage: Sendable, Hashable {
        /// PUBACK: a message of QoS 1 is the broker's.
        case published
        /// PUBREC: a message of QoS 2 is the broker's; it waits for PUBREL.
        case received
        /// PUBCOMP: a message of QoS 2 is through.
        case completed
    }

    /// Which packet it is.
    public var stage: Stage
    /// The identifier of the message.
    public var id: UInt16
    /// Whether the message was taken, and if not, why.
    public var reason: ReasonCode
    /// What the broker says to people.
    public var text: String

    init(_ stage: Stage, _ body: Span<UInt8>, _ version: Version) throws(ProtocolFault) {
        let name =
            switch stage {
            case .published: "PUBACK"
            case .received: "PUBREC"
            case .completed: "PUBCOMP"
            }
        var fields = FieldReader(name, in: body)
        self.stage = stage
        id = try fields.uint16(body)
        guard id != 0, version == .v5 || fields.isAtEnd else { throw .malformed(name) }
        reason = fields.isAtEnd ? .success : ReasonCode(rawValue: try fields.uint8(body))
        text = fields.isAtEnd ? "" : try Properties(&fields, body).reason ?? ""
    }
}
