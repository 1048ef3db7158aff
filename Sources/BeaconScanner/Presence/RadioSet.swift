/// A set of radios: one bit for each of the 256 numbers.
struct RadioSet: Sendable {
    private var words: InlineArray<4, UInt64> = InlineArray(repeating: 0)

    @inline(__always)
    func contains(_ radio: UInt8) -> Bool {
        words[Int(radio >> 6)] >> UInt64(radio & 63) & 1 == 1
    }

    mutating func insert(_ radio: UInt8) {
        words[Int(radio >> 6)] |= 1 << UInt64(radio & 63)
    }

    mutating func remove(_ radio: UInt8) {
        words[Int(radio >> 6)] &= ~(1 << UInt64(radio & 63))
    }
}
