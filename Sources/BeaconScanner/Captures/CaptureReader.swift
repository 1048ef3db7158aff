/// Reads a capture file piece by piece: btsnoop and pcap.
///
/// It does no I/O and keeps no bytes. The caller owns a buffer of at least `smallestBuffer` bytes,
/// fills it from the file and calls `next` until that returns nil; it then moves what is left
/// behind `position` to the front, fills up, and goes on. At the end of the file it calls `finish`
/// with what is left.
///
/// ```swift
/// while let record = try reader.next(in: buffer.span.extracting(..<filled), at: &position) {
///     use(record, buffer.span.extracting(record.bytes))
/// }
/// ```
///
/// A snapped record is used as far as it goes and a partial last one is tolerated; both are
/// counted. A length that cannot be true ends the reading: behind it nothing can be found again.
public struct CaptureReader: Sendable {
    /// The longest record that is read, in bytes: the longest HCI packet (ACL: type 1, header 4,
    /// data 65,535) behind the longest pseudo-header in front of one (4).
    public static let longestRecord = 65_544
    /// The smallest buffer that any record fits in, in bytes.
    public static let smallestBuffer = CaptureFormat.longestHeader + longestRecord

    /// The file's format; nil until its header was read.
    public private(set) var format: CaptureFormat?
    /// What became of the records.
    public private(set) var counts = CaptureCounts()
    /// How many bytes of the file were read: where the next record begins.
    public private(set) var offset: UInt64 = 0

    /// Makes a reader for the beginning of a file.
    public init() {}

    /// The next packet in a chunk of the file.
    ///
    /// - Parameters:
    ///   - chunk: bytes of the file, one after the other.
    ///   - position: where in the chunk to begin; moved behind what was read.
    /// - Returns: nil when the chunk ends within the next record.
    /// - Throws: `CaptureError` when the file cannot be read, or not any further.
    public mutating func next(
        in chunk: Span<UInt8>, at position: inout Int
    ) throws(CaptureError) -> CaptureRecord? {
        guard position >= 0, position <= chunk.count else { return nil }
        if format == nil { try readHeader(chunk, &position) }
        guard let format else { return nil }
        let headerLength = format.recordHeaderLength
        while chunk.count &- position >= headerLength {
            let start = position &+ headerLength
            let bytes = chunk.extracting(position..<start)
            let header =
                switch format {
                case .btsnoop: RecordHeader(btsnoop: bytes)
                case .pcap(_, let isLittleEndian, let isNanoseconds):
                    RecordHeader(
                        pcap: bytes, isLittleEndian: isLittleEndian, isNanoseconds: isNanoseconds)
                }
            try check(header)
            let end = start &+ Int(header.included)
            guard end <= chunk.count else { return nil }
            position = end
            offset &+= UInt64(truncatingIfNeeded: headerLength) &+ UInt64(header.included)
            counts.records &+= 1
            if header.included < header.original { counts.snapped &+= 1 }
            let outcome = PacketOutcome(
                format, flags: header.flags, chunk.extracting(start..<end))
            switch outcome {
            case .packet(let packet):
                return CaptureRecord(
                    time: header.time, start: start &+ packet.start,
                    count: header.included &- UInt32(truncatingIfNeeded: packet.start),
                    adapter: packet.adapter, kind: packet.kind, direction: packet.direction,
                    rssi: packet.rssi, phy: packet.phy)
            case .other: counts.other &+= 1
            case .malformed: counts.malformed &+= 1
            case .badCRC: counts.badCRC &+= 1
            }
        }
        return nil
    }

    @inline(never)
    private mutating func readHeader(
        _ chunk: Span<UInt8>, _ position: inout Int
    ) throws(CaptureError) {
        let rest = chunk.extracting(position..<chunk.count)
        guard let (format, length) = try CaptureFormat.read(rest) else { return }
        self.format = format
        position &+= length
        offset = UInt64(truncatingIfNeeded: length)
    }

    /// Says that the file ends, with this many bytes left behind the last record.
    ///
    /// Throws `CaptureError` when it ended within its header.
    public mutating func finish(remaining: Int) throws(CaptureError) {
        if format == nil {
            throw CaptureError(offset: offset, problem: .noHeader(size: remaining))
        }
        if remaining > 0 { counts.partial = 1 }
    }

    @inline(__always)
    private func check(_ header: RecordHeader) throws(CaptureError) {
        if header.included > UInt32(Self.longestRecord) {
            throw CaptureError(offset: offset, problem: .recordTooLong(header.included))
        }
        if header.included > header.original {
            throw CaptureError(
                offset: offset,
                problem: .recordLongerThanPacket(
                    included: header.included, original: header.original))
        }
    }
}
