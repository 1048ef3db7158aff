/// The properties of a broker's packet that matter to hubd (MQTT 5.0, §2.2.2). The others are stepped over; one that the standard does not know is malformed.
///
/// | bytes | field |
/// |---|---|
/// | 1–4 | length of all properties, Variable Byte Integer |
/// | then, until that length is used up: | |
/// | 1 | identifier |
/// | … | value, its type by the identifier |
struct Properties: Hashable, Sendable {
    /// 0x21: how many messages may wait for their acknowledgement.
    var receiveMaximum: UInt16?
    /// 0x24: the highest level the broker serves, when not 2.
    var maximumQoS: UInt8?
    /// 0x25: whether retained messages are served.
    var isRetainAvailable: Bool?
    /// 0x27: the longest packet the broker takes.
    var maximumPacketSize: UInt32?
    /// 0x13: the broker's own keep-alive, in seconds.
    var serverKeepAlive: UInt16?
    /// 0x1f: what the broker says to people.
    var reason: String?
    /// 0x23: a number for a topic, which no broker may use with a client that allows none.
    var topicAlias: UInt16?
    /// 0x26: names and values for the receiver, the first few.
    var user: [UserProperty] = []

    /// More are stepped over: nobody reads them here.
    private static let mostUserProperties = 16

    /// Nothing said.
    init() {}

    /// Reads the rest of a packet as properties.
    init(
        _ fields: inout FieldReader, _ bytes: Span<UInt8>
    ) throws(ProtocolFault) {
        try fields.narrow(to: try fields.variable(bytes))
        while !fields.isAtEnd { try read(&fields, bytes) }
    }

    /// Reads properties that something follows.
    init(
        before rest: inout FieldReader, _ bytes: Span<UInt8>
    ) throws(ProtocolFault) {
        var fields = try rest.part(try rest.variable(bytes))
        while !fields.isAtEnd { try read(&fields, bytes) }
    }

    private mutating func read(
        _ fields: inout FieldReader, _ bytes: Span<UInt8>
    ) throws(ProtocolFault) {
        let identifier = try fields.uint8(bytes)
        switch identifier {
        case 0x21:
            let value = try fields.uint16(bytes)
            guard value > 0 else { throw .malformed(fields.packet) }
            receiveMaximum = value
        case 0x24: maximumQoS = try flag(&fields, bytes) ? 1 : 0
        case 0x25: isRetainAvailable = try flag(&fields, bytes)
        case 0x27:
            let value = try fields.uint32(bytes)
            guard value > 0 else { throw .malformed(fields.packet) }
            maximumPacketSize = value
        case 0x13: serverKeepAlive = try fields.uint16(bytes)
        case 0x1f: reason = try fields.string(bytes)
        case 0x01, 0x17, 0x19, 0x28, 0x29, 0x2a: _ = try fields.uint8(bytes)
        case 0x22: _ = try fields.uint16(bytes)
        case 0x23: topicAlias = try fields.uint16(bytes)
        case 0x02, 0x11, 0x18: _ = try fields.uint32(bytes)
        case 0x0b: _ = try fields.variable(bytes)
        case 0x03, 0x08, 0x12, 0x15, 0x1a, 0x1c, 0x09, 0x16: try fields.skipBinary(bytes)
        case 0x26 where user.count < Self.mostUserProperties:
            user.append(
                UserProperty(name: try fields.string(bytes), value: try fields.string(bytes)))
        case 0x26:
            try fields.skipBinary(bytes)
            try fields.skipBinary(bytes)
        default: throw .malformed(fields.packet)
        }
    }

    private func flag(
        _ fields: inout FieldReader, _ bytes: Span<UInt8>
    ) throws(ProtocolFault) -> Bool {
        let value = try fields.uint8(bytes)
        guard value <= 1 else { throw .malformed(fields.packet) }
        return value == 1
    }
}
