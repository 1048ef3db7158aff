/// Where a parser stands in the body of a packet that it reads from front to back.
///
/// It does not hold the bytes (a type that holds a span needs an experimental feature); each read
/// takes them, checks that the field is whole and steps over it. Numbers are big-endian (MQTT 5.0,
/// §1.5).
struct FieldReader {
    /// What is read, for the fault.
    let packet: String
    /// Offset of the next unread byte.
    private(set) var position: Int
    /// Where the fields end.
    private(set) var end: Int

    init(_ packet: String, in bytes: Span<UInt8>) {
        self.packet = packet
        position = 0
        end = bytes.count
    }

    var isAtEnd: Bool { position == end }
    var left: Int { end - position }

    mutating func uint8(_ bytes: Span<UInt8>) throws(ProtocolFault) -> UInt8 {
        bytes[try skip(1)]
    }

    mutating func uint16(_ bytes: Span<UInt8>) throws(ProtocolFault) -> UInt16 {
        let start = try skip(2)
        return UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
    }

    mutating func uint32(_ bytes: Span<UInt8>) throws(ProtocolFault) -> UInt32 {
        UInt32(try uint16(bytes)) << 16 | UInt32(try uint16(bytes))
    }

    /// A Variable Byte Integer (§1.5.5): seven bits a byte, lowest first, at most four bytes and no
    /// more than are needed.
    mutating func variable(_ bytes: Span<UInt8>) throws(ProtocolFault) -> Int {
        var value = 0
        for place in 0..<4 {
            let byte = try uint8(bytes)
            value |= Int(byte & 0x7f) << (7 * place)
            guard byte != 0 || place == 0 else { break }
            if byte & 0x80 == 0 { return value }
        }
        throw .malformed(packet)
    }

    /// A UTF-8 Encoded String (§1.5.4): its length in two bytes, and its bytes.
    mutating func string(_ bytes: Span<UInt8>) throws(ProtocolFault) -> String {
        let count = Int(try uint16(bytes))
        let start = try skip(count)
        var text: [UInt8] = []
        text.reserveCapacity(count)
        for index in start..<start + count { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Steps over Binary Data (§1.5.6).
    mutating func skipBinary(_ bytes: Span<UInt8>) throws(ProtocolFault) {
        _ = try skip(Int(try uint16(bytes)))
    }

    /// Narrows what is read to the next `count` bytes; the fields behind them are none.
    mutating func narrow(to count: Int) throws(ProtocolFault) {
        guard count == left else { throw .malformed(packet) }
    }

    /// Steps over the next `count` bytes, which are to be read as fields of their own.
    mutating func part(_ count: Int) throws(ProtocolFault) -> FieldReader {
        var part = self
        part.end = try skip(count) + count
        return part
    }

    /// Steps over bytes and says where they begin.
    mutating func skip(_ count: Int) throws(ProtocolFault) -> Int {
        guard count <= left else { throw .malformed(packet) }
        defer { position += count }
        return position
    }
}
