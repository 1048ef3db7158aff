/// Cuts what a broker sends into packets.
///
/// | bytes | field (MQTT 5.0, §2.1) |
/// |---|---|
/// | 1 | kind and flags |
/// | 1–4 | length of the rest, Variable Byte Integer |
/// | … | the rest |
///
/// A length beyond the longest is refused before its bytes are waited for, so a broker fills no
/// more memory than that and what was read at once.
public struct PacketReader: Sendable {
    /// The version of the CONNECT that the connection began with.
    public let version: Version
    /// The longest packet that is taken, without its first bytes.
    public let longest: Int
    /// The same for a PUBLISH; nil for a client that subscribes to nothing.
    public let longestMessage: Int?
    private var buffer: [UInt8] = []
    private var start = 0

    /// 16 KiB hold the longest reason a broker gives, with properties of its own.
    public static let usual = 16 * 1_024

    /// Makes a reader for a new connection.
    public init(version: Version, longest: Int = usual, longestMessage: Int? = nil) {
        self.version = version
        self.longest = longest
        self.longestMessage = longestMessage
    }

    /// Takes bytes as they came.
    public mutating func append(_ bytes: Span<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.reserveCapacity(buffer.count + bytes.count)
        for index in bytes.indices { buffer.append(bytes[index]) }
    }

    /// The next whole packet; nil when more bytes are needed.
    ///
    /// - Throws: what is wrong with the bytes; the connection is of no more use then.
    public mutating func next() throws(ProtocolFault) -> ServerPacket? {
        guard start < buffer.count else { return nil }
        let head = buffer[start]
        var length = 0
        var index = start + 1
        for place in 0..<4 {
            guard index < buffer.count else { return nil }
            let byte = buffer[index]
            index += 1
            length |= Int(byte & 0x7f) << (7 * place)
            if byte & 0x80 == 0, byte != 0 || place == 0 { break }
            if byte == 0 || place == 3 { throw .malformed("length") }
        }
        if head >> 4 == PacketKind.publish, let longestMessage {
            guard length <= longestMessage else { throw .messageTooLong(length) }
        } else {
            guard length <= longest else { throw .tooLong(length) }
        }
        guard buffer.count - index >= length else { return nil }
        start = index + length
        return try ServerPacket(
            head: head, body: buffer.span.extracting(index..<index + length), version: version,
            isSubscriber: longestMessage != nil)
    }
}
