extension Measurement {
    /// A runner's speed (2A53), as the Running Speed and Cadence Service 1.0 has it.
    ///
    /// | value | unit |
    /// |---|---|
    /// | `speed` | `m/s` |
    /// | `cadence` | `{steps}/min` |
    /// | `stride-length` | `cm` |
    /// | `distance`, since the device was reset | `m` |
    ///
    /// Detail: `gait`, `running` or `walking`.
    ///
    /// - Parameters:
    ///   - speed: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ speed: RunningSpeed, raw: RawValue) {
        self.init(.running)
        add("speed", speed.speed, "m/s")
        add("cadence", Decimal10(mantissa: Int64(speed.cadence)), "{steps}/min")
        add("stride-length", speed.strideLength.map { Decimal10(mantissa: Int64($0)) }, "cm")
        add("distance", speed.distance.map { Decimal10(mantissa: Int64($0), exponent: -1) }, "m")
        details.append(MeasurementDetail("gait", speed.isRunning ? "running" : "walking"))
        add(unknownFlags: speed.unknownFlags)
        self.raw = [raw]
    }
}
