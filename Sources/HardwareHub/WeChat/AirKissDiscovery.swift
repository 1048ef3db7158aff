/// A datagram by which AirKiss devices are found in the local network (UDP port 12476).
///
/// | offset | size | field, big-endian |
/// |---|---|---|
/// | 0 | 4 | magic fd 01 fe fc |
/// | 4 | 4 | version: 00200002 in requests, 00100001 from devices |
/// | 8 | 4 | length of the whole, this header included |
/// | 12 | 4 | command: 1 request, 1001 response, 1002 notification (hexadecimal) |
/// | 16 | | JSON: `{"deviceInfo":{"deviceType":"gh_…","deviceId":"…"}}` |
///
/// Only a request is answered, and only to its sender: answering the others would let two devices,
/// or a forged sender, keep each other busy.
public struct AirKissDiscovery: Hashable, Sendable {
    /// Length of the header in bytes.
    public static let headerSize = 16
    /// The longest datagram accepted, in bytes.
    public static let longestDatagram = 2048

    /// What a datagram is for.
    public struct Command: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32

        /// Makes a command from its number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Who is there?
        public static let request = Command(rawValue: 1)
        /// The answer to a request.
        public static let response = Command(rawValue: 0x1001)
        /// Sent by devices on their own.
        public static let notification = Command(rawValue: 0x1002)
    }

    /// Version of the protocol.
    public let version: UInt32
    /// What the datagram is for.
    public let command: Command
    /// JSON from devices; usually empty in requests.
    public let body: [UInt8]

    /// Makes a datagram; version 00100001 is what devices send.
    ///
    /// - Returns: nil for a body longer than `longestDatagram` allows.
    public init?(version: UInt32 = 0x0010_0001, command: Command, body: [UInt8]) {
        guard body.count <= Self.longestDatagram - Self.headerSize else { return nil }
        self.version = version
        self.command = command
        self.body = body
    }

    /// Reads a datagram; surplus bytes behind its length are ignored.
    ///
    /// - Throws: `MalformedValue` for other magic, a length that is less than the header, more than
    ///   `longestDatagram` or more than there is.
    public init(_ datagram: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        guard try cursor.big(datagram, 4, "magic") == 0xfd01_fefc else {
            throw .invalid("the datagram does not start with fd 01 fe fc", at: 0)
        }
        version = UInt32(truncatingIfNeeded: try cursor.big(datagram, 4, "version"))
        let length = Int(truncatingIfNeeded: try cursor.big(datagram, 4, "length"))
        command = Command(
            rawValue: UInt32(truncatingIfNeeded: try cursor.big(datagram, 4, "command")))
        guard (Self.headerSize...Self.longestDatagram).contains(length) else {
            throw .invalid("the length is not within 16 to 2048", at: 8)
        }
        body = datagram.copy(
            try cursor.skip(length &- Self.headerSize, datagram, "rest of the body"))
    }

    /// The datagram's bytes.
    public var bytes: [UInt8] {
        let length = UInt32(truncatingIfNeeded: body.count &+ Self.headerSize)
        return [0xfd01_fefc, version, length, command.rawValue].flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        } + body
    }
}
