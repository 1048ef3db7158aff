/// What a telemetry frame says of a beacon's battery.
public struct BatteryReading: Sendable, Hashable {
    /// The battery voltage in mV; nil or 0 when the beacon does not measure it.
    public var millivolts: UInt16?
    /// The charge in per cent; nil when the beacon does not tell it.
    public var percent: UInt8?

    /// Makes a reading.
    public init(millivolts: UInt16? = nil, percent: UInt8? = nil) {
        self.millivolts = millivolts
        self.percent = percent
    }
}
