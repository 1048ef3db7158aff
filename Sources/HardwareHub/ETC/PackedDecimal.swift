extension DateTime {
    /// A date (`yyyymmdd`) and a time (`hhmmss`) in binary-coded decimal, as cards keep them.
    ///
    /// Digits above 9 make parts that no calendar has: `isValid` tells.
    init(packedDate date: UInt64, packedTime time: UInt64 = 0) {
        self.init(
            year: Self.unpack(date >> 16, digits: 4), month: Self.two(date >> 8),
            day: Self.two(date), hour: Self.two(time >> 16), minute: Self.two(time >> 8),
            second: Self.two(time))
    }

    /// Two digits; 255 for anything else.
    private static func two(_ packed: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: unpack(packed, digits: 2))
    }

    /// The number that the lowest digits say; 65535 for anything else.
    private static func unpack(_ packed: UInt64, digits: Int) -> UInt16 {
        var number: UInt16 = 0
        for index in (0..<digits).reversed() {
            let digit = UInt16(truncatingIfNeeded: packed >> UInt64(4 * index) & 15)
            guard digit < 10 else { return .max }
            number = number * 10 + digit
        }
        return number
    }
}
