/// The header of one record of a capture file.
@usableFromInline
struct RecordHeader {
    /// How many bytes of the packet the record holds.
    @usableFromInline
    var included: UInt32
    /// How many bytes the packet had.
    @usableFromInline
    var original: UInt32
    /// The flags of btsnoop; 0 for pcap.
    @usableFromInline
    var flags: UInt32
    /// When the packet was captured, in µs since 1970.
    @usableFromInline
    var time: Int64

    /// 1970-01-01 in btsnoop's count of µs since the year 0.
    @inlinable
    static var btsnoopEpoch: UInt64 { 0x00dc_ddb3_0f2f_8000 }

    /// Reads 24 bytes.
    ///
    /// wire: | original length (4) | included length (4) | flags (4) | drops (4) | time (8, µs
    /// since the year 0) |, highest byte first
    @inlinable @inline(__always)
    init(btsnoop bytes: Span<UInt8>) {
        original = bytes.bigEndian(UInt32.self, at: 0)
        included = bytes.bigEndian(UInt32.self, at: 4)
        flags = bytes.bigEndian(UInt32.self, at: 8)
        time = Int64(bitPattern: bytes.bigEndian(UInt64.self, at: 16) &- Self.btsnoopEpoch)
    }

    /// Reads 16 bytes.
    ///
    /// wire: | seconds (4) | µs or ns (4) | included length (4) | original length (4) |, in the
    /// byte order of the file
    init(pcap bytes: Span<UInt8>, isLittleEndian: Bool, isNanoseconds: Bool) {
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
