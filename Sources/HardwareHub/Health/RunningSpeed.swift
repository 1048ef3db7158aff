/// Running speed and cadence (RSC Measurement, 2A53).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 2: running, not walking | – |
/// | 2 | speed, 1/256 m/s | – |
/// | 1 | steps per minute | – |
/// | 2 | stride length, cm | 0 |
/// | 4 | total distance, 0.1 m | 1 |
public struct RunningSpeed: Hashable, Sendable {
    /// Meters per second: exact, 1/256 being 0.00390625.
    public let speed: Decimal10
    /// Steps per minute.
    public let cadence: UInt8
    /// Stride length in centimeters.
    public let strideLength: UInt16?
    /// Total distance in tenths of a meter.
    public let distance: UInt32?
    /// Whether the person runs; walks otherwise.
    public let isRunning: Bool
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        let raw = Int64(try cursor.uint16(value, "speed"))
        speed =
            raw % 256 == 0
            ? Decimal10(mantissa: raw / 256) : Decimal10(mantissa: raw * 390_625, exponent: -8)
        cadence = try cursor.uint8(value, "cadence")
        strideLength = flags & 1 == 0 ? nil : try cursor.uint16(value, "stride length")
        distance = flags & 2 == 0 ? nil : try cursor.uint32(value, "total distance")
        isRunning = flags & 4 != 0
        unknownFlags = flags & 0b1111_1000
    }
}
