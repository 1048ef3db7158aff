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
    ///
    /// Throws `CaptureError` when the file cannot be read, or not any further.
    public mutating func next(
        in chunk: Span<UInt8>, at position: inout Int
    ) throws(CaptureError) -> CaptureRecord? {
        guard position >= 0, position <= chunk.count else { return nil }
        guard let format else {
            guard let (format, length) = try CaptureFormat.read(chunk.extracting(position...))
            else { return nil }
            self.format = format
            advance(length, &position)
            return try next(in: chunk, at: &position)
        }
        let headerLength = format.recordHeaderLength
        while chunk.count &- position >= headerLength {
            let start = position &+ headerLength
            let header = RecordHeader(format, chunk.extracting(position..<start))
            try check(header)
            let end = start &+ Int(header.included)
            guard end <= chunk.count else { return nil }
            advance(end &- position, &position)
            counts.records &+= 1
            if header.included < header.original { counts.snapped &+= 1 }
            if let record = packet(header, format, chunk, start..<end) { return record }
        }
        return nil
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
    private mutating func advance(_ count: Int, _ position: inout Int) {
        position &+= count
        offset &+= UInt64(truncatingIfNeeded: count)
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

    /// The packet of a record; nil, and counted, when it holds none that is returned.
    @inline(__always)
    private mutating func packet(
        _ header: RecordHeader, _ format: CaptureFormat, _ chunk: Span<UInt8>, _ bytes: Range<Int>
    ) -> CaptureRecord? {
        let data = chunk.extracting(bytes)
        let outcome: PacketOutcome =
            switch format {
            case .btsnoop(.uart): .uart(data, at: 0, header.direction)
            case .btsnoop(.hci): .hci(flags: header.flags)
            case .btsnoop(.monitor):
                .monitor(
                    opcode: UInt16(truncatingIfNeeded: header.flags),
                    adapter: UInt16(truncatingIfNeeded: header.flags >> 16), skipping: 0)
            case .pcap(.uart, _, _): .uart(data, at: 0, .unknown)
            case .pcap(.uartWithDirection, _, _): .uartWithDirection(data)
            case .pcap(.monitor, _, _): .monitor(data)
            case .pcap(.linkLayer, _, _): .linkLayer(data, at: 0)
            case .pcap(.linkLayerWithHeader, _, _): .linkLayerWithHeader(data)
            }
        switch outcome {
        case .packet(let packet):
            return CaptureRecord(
                kind: packet.kind, direction: packet.direction, adapter: packet.adapter,
                time: header.time, bytes: (bytes.lowerBound &+ packet.start)..<bytes.upperBound,
                rssi: packet.rssi, phy: packet.phy)
        case .other: counts.other &+= 1
        case .malformed: counts.malformed &+= 1
        case .badCRC: counts.badCRC &+= 1
        }
        return nil
    }
}

/// The header of one record.
///
/// btsnoop: | original length (4) | included length (4) | flags (4) | drops (4) | time (8, µs
/// since the year 0) |, highest byte first.
/// pcap: | seconds (4) | µs or ns (4) | included length (4) | original length (4) |.
struct RecordHeader {
    var included: UInt32
    var original: UInt32
    /// The flags of btsnoop; 0 for pcap.
    var flags: UInt32
    /// µs since 1970.
    var time: Int64

    /// 1970-01-01 in btsnoop's count of µs since the year 0.
    static let btsnoopEpoch: UInt64 = 0x00dc_ddb3_0f2f_8000

    @inline(__always)
    init(_ format: CaptureFormat, _ bytes: Span<UInt8>) {
        switch format {
        case .btsnoop:
            original = bytes.bigEndian(UInt32.self, at: 0)
            included = bytes.bigEndian(UInt32.self, at: 4)
            flags = bytes.bigEndian(UInt32.self, at: 8)
            time = Int64(
                bitPattern: bytes.bigEndian(UInt64.self, at: 16) &- Self.btsnoopEpoch)
        case .pcap(_, let isLittleEndian, let isNanoseconds):
            func word(_ offset: Int) -> UInt32 {
                let word = bytes.bigEndian(UInt32.self, at: offset)
                return isLittleEndian ? word.byteSwapped : word
            }
            let fraction = Int64(word(4))
            time = Int64(word(0)) &* 1_000_000 &+ (isNanoseconds ? fraction / 1000 : fraction)
            included = word(8)
            original = word(12)
            flags = 0
        }
    }

    /// The direction that btsnoop's flags give (bit 0: received).
    @inline(__always)
    var direction: CaptureRecord.Direction { flags & 1 == 0 ? .sent : .received }
}
