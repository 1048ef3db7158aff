/// What a pedometer of the WeChat Sport protocol counted (characteristic FEA1), or the goal it
/// was set (FEA2, steps only).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags | – |
/// | 3 | steps today, little-endian | 0, always set |
/// | 3 | distance today, meters | 1 |
/// | 3 | energy today; the unit is not stated, devices send kilocalories | 2 |
///
/// The values are the day's totals by the device's clock, and the time is the hub's: a number of
/// steps that falls is a new day or a reset, never a negative count.
public struct WeChatSport: Hashable, Sendable {
    /// Steps of the day so far, or the goal; at most 16,777,215.
    public let steps: UInt32
    /// Meters of the day so far.
    public let distance: UInt32?
    /// Energy of the day so far, kilocalories as far as is known.
    public let energy: UInt32?
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` when the steps are not announced, or naming the first field that
    ///   is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        guard flags & 1 == 1 else { throw .invalid("the flags announce no steps", at: 0) }
        steps = try cursor.uint24(value, "steps")
        distance = flags & 2 == 0 ? nil : try cursor.uint24(value, "distance")
        energy = flags & 4 == 0 ? nil : try cursor.uint24(value, "energy")
        unknownFlags = flags & 0b1111_1000
    }

    /// The four bytes that set the goal (FEA2).
    ///
    /// - Returns: nil for more steps than three bytes can say.
    public static func goal(steps: UInt32) -> [UInt8]? {
        guard steps < 1 << 24 else { return nil }
        return [1] + [0, 8, 16].map { UInt8(truncatingIfNeeded: steps >> UInt32($0)) }
    }
}
