/// A name and a value that a publisher gave its message (MQTT 5.0, §3.3.2.3.7).
public struct UserProperty: Sendable, Hashable {
    /// The name; it may come more than once.
    public var name: String
    /// The value.
    public var value: String
}

/// A message that a broker sends to a client that has subscribed, PUBLISH (MQTT 5.0, §3.3).
///
/// | bytes | field |
/// |---|---|
/// | 2 + n | topic |
/// | 2 | packet identifier, not 0; with QoS 1 only |
/// | … | properties, MQTT 5 only |
/// | … | payload |
public struct ReceivedMessage: Sendable, Hashable {
    /// Where it was published.
    public var topic: String
    /// What was published.
    public var payload: [UInt8]
    /// The identifier to acknowledge it by; nil for QoS 0.
    public var id: UInt16?
    /// Whether the broker had kept it.
    public var isRetained: Bool
    /// Names and values for the receiver.
    public var properties: [UserProperty]

    /// Reads the body of a packet; `flags` are the lower half of its first byte.
    ///
    /// QoS 2 was not asked for, and a topic alias not allowed (§3.3.1.2, §3.3.2.3.4).
    init(flags: UInt8, _ body: Span<UInt8>, _ version: Version) throws(ProtocolFault) {
        var fields = FieldReader("PUBLISH", in: body)
        guard let qos = QoS(rawValue: flags >> 1 & 0x03), qos != .exactlyOnce,
            qos != .atMostOnce || flags & 0x08 == 0
        else { throw .malformed("PUBLISH") }
        topic = try fields.string(body)
        guard Topic.isValid(topic) else { throw .malformed("PUBLISH") }
        if qos == .atLeastOnce {
            let number = try fields.uint16(body)
            guard number != 0 else { throw .malformed("PUBLISH") }
            id = number
        }
        let said = version == .v5 ? try Properties(before: &fields, body) : Properties()
        guard said.topicAlias == nil else { throw .malformed("PUBLISH") }
        properties = said.user
        isRetained = flags & 0x01 != 0
        let rest = fields.position..<fields.end
        payload = []
        payload.reserveCapacity(rest.count)
        for index in rest { payload.append(body[index]) }
    }
}

/// The answer to SUBSCRIBE with one topic, SUBACK (MQTT 5.0, §3.9).
///
/// | bytes | field |
/// |---|---|
/// | 2 | packet identifier, not 0 |
/// | … | properties, MQTT 5 only |
/// | 1 | reason code: below 0x80 the level that is served |
public struct SubscribeAnswer: Sendable, Hashable {
    /// The identifier of the SUBSCRIBE.
    public var id: UInt16
    /// Whether the topic is served, and if not, why.
    public var reason: ReasonCode
    /// What the broker says to people.
    public var text: String

    init(_ body: Span<UInt8>, _ version: Version) throws(ProtocolFault) {
        var fields = FieldReader("SUBACK", in: body)
        id = try fields.uint16(body)
        text = version == .v5 ? try Properties(before: &fields, body).reason ?? "" : ""
        reason = ReasonCode(rawValue: try fields.uint8(body))
        guard id != 0, fields.isAtEnd, reason.isFailure || reason.rawValue <= 2 else {
            throw .malformed("SUBACK")
        }
    }
}
