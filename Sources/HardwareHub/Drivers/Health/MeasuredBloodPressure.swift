extension Measurement {
    /// A blood pressure (2A35), as the Blood Pressure Service 1.1 has it.
    ///
    /// | value | unit | LOINC |
    /// |---|---|---|
    /// | `systolic`, `diastolic`, `mean-arterial` | `mm[Hg]` or `kPa` | 8480-6, 8462-4, 8478-0 |
    /// | `pulse-rate` | `/min` | 8867-4 |
    ///
    /// Status: `body-movement`, `cuff-too-loose`, `irregular-pulse`, `pulse-rate-high`,
    /// `pulse-rate-low`, `improper-position`. Detail: `user`.
    ///
    /// - Parameters:
    ///   - pressure: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ pressure: BloodPressure, raw: RawValue) {
        self.init(.bloodPressure)
        let unit = pressure.unit.ucum
        add("systolic", pressure.systolic, unit, code: "8480-6")
        add("diastolic", pressure.diastolic, unit, code: "8462-4")
        add("mean-arterial", pressure.meanArterial, unit, code: "8478-0")
        addRest(of: pressure, raw)
    }

    /// The pressure of a cuff that fills (2A36): `cuff-pressure`, provisional; diastolic and mean
    /// pressure have no meaning in it (Blood Pressure Service 1.1, §3.2).
    ///
    /// - Parameters:
    ///   - pressure: what was read.
    ///   - raw: the bytes that it was read from.
    public init(cuff pressure: BloodPressure, raw: RawValue) {
        self.init(.bloodPressure)
        isProvisional = true
        add("cuff-pressure", pressure.systolic, pressure.unit.ucum)
        addRest(of: pressure, raw)
    }

    private mutating func addRest(of pressure: BloodPressure, _ raw: RawValue) {
        add("pulse-rate", pressure.pulseRate, "/min", code: "8867-4")
        add(time: pressure.time)
        add(user: pressure.user)
        if let bits = pressure.status {
            add(
                statusBits: UInt32(bits.meaningful.rawValue),
                [
                    "body-movement", "cuff-too-loose", "irregular-pulse", "pulse-rate-high",
                    "pulse-rate-low", "improper-position",
                ])
            if bits.isPulseRangeReserved { addUnknownStatus() }
        }
        add(unknownFlags: pressure.unknownFlags)
        self.raw = [raw]
    }
}

extension BloodPressure.Unit {
    /// The unit in UCUM.
    var ucum: String {
        switch self {
        case .millimetersOfMercury: "mm[Hg]"
        case .kilopascals: "kPa"
        }
    }
}
