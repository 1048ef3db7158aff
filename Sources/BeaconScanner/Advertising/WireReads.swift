/// Reads of whole integers at an offset that the caller has checked.
///
/// The span checks each access again, so a mistake here is a trap in the fuzzer and not a read
/// of foreign memory; after a `guard` on the length the compiler drops the second check and
/// merges the bytes into one load.
extension Span where Element == UInt8 {
    /// An integer with its highest byte first.
    @inlinable @inline(__always)
    func bigEndian<Word: FixedWidthInteger & UnsignedInteger>(
        _: Word.Type, at offset: Int
    ) -> Word {
        var word: Word = 0
        for index in 0..<Word.bitWidth / 8 {
            word = word &<< 8 | Word(truncatingIfNeeded: self[offset &+ index])
        }
        return word
    }

    /// An integer with its lowest byte first.
    @inlinable @inline(__always)
    func littleEndian<Word: FixedWidthInteger & UnsignedInteger>(
        _: Word.Type, at offset: Int
    ) -> Word {
        bigEndian(Word.self, at: offset).byteSwapped
    }

    /// The six bytes of a device address as HCI and the link layer send them, lowest first.
    @inlinable @inline(__always)
    func addressBits(at offset: Int) -> UInt64 {
        UInt64(littleEndian(UInt32.self, at: offset))
            | UInt64(littleEndian(UInt16.self, at: offset &+ 4)) &<< 32
    }

    /// One byte as a signed number.
    @inlinable @inline(__always)
    func signed(at offset: Int) -> Int8 {
        Int8(bitPattern: self[offset])
    }
}
