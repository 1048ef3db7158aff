extension Measurement {
    /// A single measurement of a pulse oximeter (2A5E), as the Pulse Oximeter Service 1.0 has it.
    ///
    /// | value | unit | LOINC |
    /// |---|---|---|
    /// | `oxygen-saturation` | `%` | 59408-5 |
    /// | `pulse-rate` | `/min` | 8867-4 |
    /// | `pulse-amplitude-index` | `%` | – |
    ///
    /// Status: see the table of `docs/protocols/health.md`.
    ///
    /// - Parameters:
    ///   - spot: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ spot: PulseOximetry, raw: RawValue) {
        self.init(.oxygenSaturation)
        add(spot.reading)
        add("pulse-amplitude-index", spot.amplitudeIndex, "%")
        add(time: spot.time)
        isClockUnset = spot.clockNotSet
        add(spot.status, sensor: spot.sensorStatus)
        add(unknownFlags: spot.unknownFlags)
        self.raw = [raw]
    }

    /// One value of a pulse oximeter's stream (2A5F): as the single measurement, and the pairs that
    /// are averaged faster or slower as `oxygen-saturation-fast`, `pulse-rate-fast`, `…-slow`,
    /// without codes, so that each code names one value.
    ///
    /// - Parameters:
    ///   - value: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ value: ContinuousPulseOximetry, raw: RawValue) {
        self.init(.oxygenSaturation)
        add(value.normal)
        for (suffix, reading) in [("fast", value.fast), ("slow", value.slow)] {
            add("oxygen-saturation-\(suffix)", reading?.saturation, "%")
            add("pulse-rate-\(suffix)", reading?.pulseRate, "/min")
        }
        add("pulse-amplitude-index", value.amplitudeIndex, "%")
        add(value.status, sensor: value.sensorStatus)
        add(unknownFlags: value.unknownFlags)
        self.raw = [raw]
    }

    private mutating func add(_ reading: PulseOximetry.Reading) {
        add("oxygen-saturation", reading.saturation, "%", code: "59408-5")
        add("pulse-rate", reading.pulseRate, "/min", code: "8867-4")
    }

    private mutating func add(_ status: PulseOximetry.Status?, sensor: UInt32?) {
        if let status {
            isFromMemory = status.contains(.fromStorage)
            add(
                statusBits: UInt32(status.rawValue),
                [
                    "ongoing", "early-estimate", "validated", "fully-qualified", "from-storage",
                    "demonstration", "testing", "calibrating", "unavailable", "questionable",
                    "invalid",
                ], first: 5)
        }
        if let sensor {
            add(
                statusBits: sensor,
                [
                    "extended-display-update", "equipment-malfunction",
                    "signal-processing-irregularity", "inadequate-signal", "poor-signal",
                    "low-perfusion", "erratic-signal", "nonpulsatile-signal", "questionable-pulse",
                    "signal-analysis-ongoing", "sensor-interference", "sensor-unconnected-to-user",
                    "unknown-sensor", "sensor-displaced", "sensor-malfunction",
                    "sensor-disconnected",
                ])
        }
    }
}
