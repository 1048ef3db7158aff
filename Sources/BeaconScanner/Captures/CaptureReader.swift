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
    @inlinable
    public static var longestRecord: Int { 65_544 }
    /// The smallest buffer that any record fits in, in bytes.
    public static let smallestBuffer = CaptureFormat.longestHeader + longestRecord

    /// The file's format; nil until its header was read.
    public private(set) var format: CaptureFormat?
    /// What became of the records.
    public var counts: CaptureCounts { tally }
    /// How many bytes of the file were read: where the next record begins.
    public var offset: UInt64 { consumed }

    @usableFromInline
    var tally = CaptureCounts()
    @usableFromInline
    var consumed: UInt64 = 0
    /// Whether the format is `.btsnoop(.uart)`.
    @usableFromInline
    var isUART = false

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
        if isUART, let record = wholeEvent(in: chunk, at: &position) { return record }
        return try nextOfAnyKind(in: chunk, at: &position)
    }

    /// Takes what nearly every record of a scan's capture is: a whole HCI event in a UART btsnoop
    /// file.
    ///
    /// - Returns: nil, and nothing is taken, for everything else.
    @inlinable @inline(__always)
    mutating func wholeEvent(
        in chunk: Span<UInt8>, at position: inout Int
    ) -> CaptureRecord? {
        guard position >= 0, chunk.count &- position > 24 else { return nil }
        let head = chunk.extracting(position..<(position &+ 25))
        let header = RecordHeader(btsnoop: head)
        let end = position &+ 24 &+ Int(truncatingIfNeeded: header.included)
        guard head[24] == CaptureRecord.Kind.event.rawValue, header.included == header.original,
            header.included &- 1 < UInt32(Self.longestRecord), end <= chunk.count
        else { return nil }
        let start = position &+ 25
        consumed &+= UInt64(truncatingIfNeeded: end &- position)
        tally.records &+= 1
        position = end
        return CaptureRecord(
            time: header.time, start: start, count: header.included &- 1, adapter: 0, kind: .event,
            direction: .received, rssi: RSSI(127), phy: Advertisement.PHY(rawValue: 0))
    }

    @usableFromInline
    mutating func nextOfAnyKind(
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
            consumed &+= UInt64(truncatingIfNeeded: headerLength) &+ UInt64(header.included)
            tally.records &+= 1
            if header.included < header.original { tally.snapped &+= 1 }
            let outcome = PacketOutcome(
                format, flags: header.flags, isWhole: header.included == header.original,
                chunk.extracting(start..<end))
            switch outcome {
            case .packet(let packet):
                return CaptureRecord(
                    time: header.time, start: start &+ packet.start,
                    count: header.included &- UInt32(truncatingIfNeeded: packet.start),
                    adapter: packet.adapter, kind: packet.kind, direction: packet.direction,
                    rssi: packet.rssi, phy: packet.phy)
            case .other: tally.other &+= 1
            case .malformed: tally.malformed &+= 1
            case .badCRC: tally.badCRC &+= 1
            }
        }
        return nil
    }

    private mutating func readHeader(
        _ chunk: Span<UInt8>, _ position: inout Int
    ) throws(CaptureError) {
        let rest = chunk.extracting(position..<chunk.count)
        guard let (format, length) = try CaptureFormat.read(rest) else { return }
        self.format = format
        position &+= length
        isUART = format == .btsnoop(.uart)
        consumed = UInt64(truncatingIfNeeded: length)
    }

    /// Says that the file ends, with this many bytes left behind the last record.
    ///
    /// Throws `CaptureError` when it ended within its header.
    public mutating func finish(remaining: Int) throws(CaptureError) {
        if format == nil {
            throw CaptureError(offset: offset, problem: .noHeader(size: remaining))
        }
        if remaining > 0 { tally.partial = 1 }
    }

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
