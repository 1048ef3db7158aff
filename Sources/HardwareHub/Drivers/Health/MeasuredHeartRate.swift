extension Measurement {
    /// A heart rate (2A37), as the Heart Rate Service 1.0 has it: `heart-rate` in `/min`, LOINC
    /// 8867-4, and `energy` in `kJ` since the device was reset.
    ///
    /// Status: `no-skin-contact`; `intervals-missing` when times between beats are announced and
    /// not there. The times themselves stay in `raw`: they are of one second, and what is made of
    /// them needs all of them without a gap, which a stream that is thinned out does not give.
    ///
    /// - Parameters:
    ///   - rate: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ rate: HeartRate, raw: RawValue) {
        self.init(.heartRate)
        add(
            "heart-rate", Decimal10(mantissa: Int64(rate.beatsPerMinute)), "/min", code: "8867-4")
        add("energy", rate.energy.map { Decimal10(mantissa: Int64($0)) }, "kJ")
        if rate.contact == .notDetected { status.append("no-skin-contact") }
        if rate.fault != nil { status.append("intervals-missing") }
        add(unknownFlags: rate.unknownFlags)
        self.raw = [raw]
    }
}
