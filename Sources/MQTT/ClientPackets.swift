/// What a client says when it connects: CONNECT (MQTT 5.0, §3.1; MQTT 3.1.1, §3.1).
public struct Connect: Sendable, Hashable {
    /// A message that the broker sends when the connection breaks.
    public struct Will: Sendable, Hashable {
        /// Where to.
        public var topic: String
        /// What.
        public var payload: [UInt8]

        /// Makes a will; it is retained, and sent with QoS 1.
        public init(topic: String, payload: [UInt8]) {
            self.topic = topic
            self.payload = payload
        }
    }

    /// Who connects.
    public var clientID: String
    /// Whether the broker is to forget what it kept of this client.
    public var isCleanStart = false
    /// The longest silence in seconds.
    public var keepAlive: UInt16 = 60
    /// How long the broker is to keep the session, in seconds; MQTT 5 only.
    public var sessionExpiry: UInt32 = 0
    /// The longest packet this client takes, MQTT 5 only; nil to say nothing of it.
    public var longestPacket: Int? = PacketReader.usual
    /// What is sent when the connection breaks.
    public var will: Will?
    /// The name of a user.
    public var username: String?
    /// The user's password.
    public var password: [UInt8]?

    /// Makes the packet of a client.
    public init(clientID: String) { self.clientID = clientID }

    /// The packet's bytes.
    public func packet(_ version: Version) -> [UInt8] {
        var body: [UInt8] = []
        body.append(string: "MQTT")
        body.append(version.rawValue)
        // Bits of §3.1.2.3: user name, password, will retain, will QoS (two), will, clean start.
        var flags: UInt8 = isCleanStart ? 0x02 : 0
        if will != nil { flags |= 0x20 | 0x08 | 0x04 }
        if username != nil { flags |= 0x80 }
        if password != nil { flags |= 0x40 }
        body.append(flags)
        body.append(big: keepAlive)
        if version == .v5 {
            var properties: [UInt8] = [0x11]
            properties.append(big: sessionExpiry)
            if let longestPacket {
                properties.append(0x27)
                properties.append(big: UInt32(clamping: longestPacket))
            }
            body.append(properties: properties)
        }
        body.append(string: clientID)
        if let will {
            // Payload Format Indicator: the payload is text.
            if version == .v5 { body.append(properties: [0x01, 1]) }
            body.append(string: will.topic)
            body.append(binary: will.payload)
        }
        if let username { body.append(string: username) }
        if let password { body.append(binary: password) }
        return .packet(head: PacketKind.connect << 4, body: body)
    }
}

/// A message to publish: PUBLISH (MQTT 5.0, §3.3).
public struct Message: Sendable {
    /// Where to: no wildcards.
    public var topic: String
    /// What: text in UTF-8.
    public var payload: [UInt8]
    /// How often it arrives.
    public var qos: QoS
    /// Whether the broker keeps it for those who subscribe later.
    public var isRetained: Bool
    /// What the payload is, as a media type; MQTT 5 only.
    public var contentType: String
    /// Names and values for the receiver; MQTT 5 only.
    public var properties: [(name: String, value: String)]

    /// Makes a message.
    public init(
        topic: String, payload: [UInt8], qos: QoS, isRetained: Bool = false, contentType: String,
        properties: [(name: String, value: String)] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.contentType = contentType
        self.properties = properties
    }

    /// The packet's bytes.
    ///
    /// - Parameters:
    ///   - version: the version of the connection.
    ///   - id: the packet identifier; of no use for QoS 0.
    ///   - isDuplicate: whether it may have been sent before.
    /// - Returns: nil when it is longer than any packet can be (§1.5.5).
    public func packet(_ version: Version, id: UInt16 = 0, isDuplicate: Bool = false) -> [UInt8]? {
        var body: [UInt8] = []
        body.reserveCapacity(payload.count + 256)
        body.append(string: topic)
        if qos != .atMostOnce { body.append(big: id) }
        if version == .v5 {
            var list: [UInt8] = [0x01, 1, 0x03]
            list.append(string: contentType)
            for (name, value) in properties {
                list.append(0x26)
                list.append(string: name)
                list.append(string: value)
            }
            body.append(properties: list)
        }
        body.append(contentsOf: payload)
        guard body.count <= 268_435_455 else { return nil }
        let flags: UInt8 =
            (isDuplicate && qos != .atMostOnce ? 0x08 : 0) | qos.rawValue << 1
            | (isRetained ? 1 : 0)
        return .packet(head: PacketKind.publish << 4 | flags, body: body)
    }
}

/// The packets of a client that have no more than a number in them.
public enum ClientPacket {
    /// PINGREQ (§3.12).
    public static let ping: [UInt8] = [PacketKind.ping << 4, 0]
    /// DISCONNECT without a word (§3.14): the broker forgets the will.
    public static let disconnect: [UInt8] = [PacketKind.disconnect << 4, 0]

    /// PUBREL (§3.6): a message of QoS 2 whose PUBREC has come is not sent again.
    public static func release(_ id: UInt16) -> [UInt8] {
        var body: [UInt8] = []
        body.append(big: id)
        return .packet(head: PacketKind.release << 4 | 0x02, body: body)
    }

    /// PUBACK (§3.4): a message of QoS 1 was taken.
    public static func acknowledge(_ id: UInt16) -> [UInt8] {
        var body: [UInt8] = []
        body.append(big: id)
        return .packet(head: PacketKind.published << 4, body: body)
    }

    /// SUBSCRIBE (§3.8) to one topic, with QoS 1.
    ///
    /// - Parameters:
    ///   - topic: the topic; a name without wildcards is a filter too.
    ///   - id: the packet identifier, not 0.
    ///   - version: the version of the connection.
    /// - Returns: the packet's bytes.
    public static func subscribe(to topic: String, id: UInt16, _ version: Version) -> [UInt8] {
        var body: [UInt8] = []
        body.append(big: id)
        if version == .v5 { body.append(properties: []) }
        body.append(string: topic)
        body.append(QoS.atLeastOnce.rawValue)
        return .packet(head: PacketKind.subscribe << 4 | 0x02, body: body)
    }
}

/// The data types of §1.5.
extension [UInt8] {
    fileprivate static func packet(head: UInt8, body: [UInt8]) -> [UInt8] {
        var packet = [head]
        packet.reserveCapacity(body.count + 5)
        packet.append(variable: body.count)
        packet.append(contentsOf: body)
        return packet
    }

    fileprivate mutating func append(big number: UInt16) {
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }

    fileprivate mutating func append(big number: UInt32) {
        append(big: UInt16(truncatingIfNeeded: number >> 16))
        append(big: UInt16(truncatingIfNeeded: number))
    }

    fileprivate mutating func append(variable number: Int) {
        var left = number
        repeat {
            append(UInt8(truncatingIfNeeded: left & 0x7f) | (left > 0x7f ? 0x80 : 0))
            left >>= 7
        } while left > 0
    }

    /// Two bytes have no room for more than 65,535; callers keep below it.
    fileprivate mutating func append(binary bytes: [UInt8]) {
        let short = bytes.prefix(Int(UInt16.max))
        append(big: UInt16(short.count))
        append(contentsOf: short)
    }

    fileprivate mutating func append(string text: String) {
        append(binary: Array(text.utf8))
    }

    fileprivate mutating func append(properties list: [UInt8]) {
        append(variable: list.count)
        append(contentsOf: list)
    }
}
