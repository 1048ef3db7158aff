extension DecodedFields {
    /// The fields of a blood pressure.
    init(_ value: BloodPressure) {
        self.init()
        self["sys"] = .medical(value.systolic)
        self["dia"] = .medical(value.diastolic)
        self["map"] = .medical(value.meanArterial)
        self["unit"] = .text(value.unit == .kilopascals ? "kPa" : "mmHg")
        if value.diastolic == .notANumber, value.meanArterial == .notANumber {
            // Only a cuff that is still filling leaves both out.
            self["cuff"] = .medical(value.systolic)
        }
        add(time: value.time)
        self["pulse"] = value.pulseRate.map(Value.medical)
        self["user"] = value.user.map(Value.number)
        if let status = value.status {
            self["status"] = .number(status.rawValue)
            flags(
                "status_flags", status.meaningful.rawValue,
                [
                    "movement", "cuff loose", "irregular pulse", "pulse too high", "pulse too low",
                    "bad position",
                ])
        }
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a temperature.
    init(_ value: BodyTemperature) {
        self.init()
        let isCelsius = value.unit == .celsius
        self[isCelsius ? "c" : "f"] = .medical(value.temperature)
        self["unit"] = .text(isCelsius ? "C" : "F")
        add(time: value.time)
        self["type"] = value.site.map { .number($0.rawValue) }
        self["type_name"] = value.site?.name.map(Value.text)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a heart rate.
    init(_ value: HeartRate) {
        self.init()
        if let fault = value.fault {
            // Malformed, but what was read is worth showing.
            self["result"] = .text("malformed")
            self["reason"] = .text("\(fault)")
        }
        self["bpm"] = .number(value.beatsPerMinute)
        self["contact"] =
            switch value.contact {
            case .notSupported: .text("not supported")
            case .notDetected: .text("not detected")
            case .detected: .text("detected")
            }
        self["energy_kj"] = value.energy.map(Value.number)
        if value.announcesIntervals {
            self["rr"] = .list(value.intervals.map(Value.number))
            // 1/1024 s is 0.9765625 ms.
            self["rr_ms"] = .list(
                value.intervals.map {
                    .decimal(Decimal10(mantissa: Int64($0) * 9_765_625, exponent: -7))
                })
        }
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a running speed.
    init(_ value: RunningSpeed) {
        self.init()
        self["speed_mps"] = .decimal(value.speed)
        self["cadence"] = .number(value.cadence)
        self["stride_cm"] = value.strideLength.map(Value.number)
        self["distance_dm"] = value.distance.map(Value.number)
        self["distance_m"] = value.distance.map {
            .decimal(Decimal10(mantissa: Int64($0), exponent: -1))
        }
        self["running"] = .bool(value.isRunning)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a weight.
    init(_ value: BodyWeight) {
        self.init()
        let isMetric = value.unit == .kilograms
        if let weight = value.weight {
            self[isMetric ? "kg" : "lb"] = .decimal(weight)
        } else {
            self["result"] = .text("measurement unsuccessful")
        }
        self["unit"] = .text(isMetric ? "kg" : "lb")
        add(time: value.time)
        self["user"] = value.user.map(Value.number)
        self["bmi"] = value.bodyMassIndex.map(Value.decimal)
        self[isMetric ? "height_m" : "height_in"] = value.height.map(Value.decimal)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a body composition.
    init(_ value: BodyComposition) {
        self.init()
        let unit = value.unit == .kilograms ? "kg" : "lb"
        if let fat = value.fat {
            self["fat_percent"] = .decimal(fat)
        } else {
            self["result"] = .text("measurement unsuccessful")
        }
        self["unit"] = .text(unit)
        add(time: value.time)
        self["user"] = value.user.map(Value.number)
        self["basal_metabolism_kj"] = value.basalMetabolism.map(Value.number)
        self["muscle_percent"] = value.muscle.map(Value.decimal)
        self["muscle_mass_\(unit)"] = value.muscleMass.map(Value.decimal)
        self["fat_free_mass_\(unit)"] = value.fatFreeMass.map(Value.decimal)
        self["soft_lean_mass_\(unit)"] = value.softLeanMass.map(Value.decimal)
        self["water_mass_\(unit)"] = value.waterMass.map(Value.decimal)
        self["impedance_ohm"] = value.impedance.map(Value.decimal)
        self[unit] = value.weight.map(Value.decimal)
        self[unit == "kg" ? "height_m" : "height_in"] = value.height.map(Value.decimal)
        self["continues"] = .bool(value.continues)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a pulse oximeter's single measurement.
    init(_ value: PulseOximetry) {
        self.init()
        self["spo2"] = .medical(value.reading.saturation)
        self["pulse"] = .medical(value.reading.pulseRate)
        add(time: value.time)
        add(oximeterStatus: value.status, value.sensorStatus, value.amplitudeIndex)
        self["clock_not_set"] = .bool(value.clockNotSet)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a pulse oximeter's running measurement.
    init(_ value: ContinuousPulseOximetry) {
        self.init()
        for (suffix, reading) in [("", value.normal), ("_fast", value.fast), ("_slow", value.slow)]
        {
            self["spo2\(suffix)"] = reading.map { .medical($0.saturation) }
            self["pulse\(suffix)"] = reading.map { .medical($0.pulseRate) }
        }
        add(oximeterStatus: value.status, value.sensorStatus, value.amplitudeIndex)
        add(unknownFlags: value.unknownFlags)
    }

    private mutating func add(
        oximeterStatus status: PulseOximetry.Status?, _ sensor: UInt32?, _ index: MedicalFloat?
    ) {
        if let status {
            self["status"] = .number(status.rawValue)
            flags(
                "status_flags", status.rawValue >> 5,
                [
                    "ongoing", "early estimate", "validated", "fully qualified", "from storage",
                    "demonstration", "testing", "calibrating", "unavailable", "questionable",
                    "invalid",
                ])
        }
        self["sensor_status"] = sensor.map(Value.number)
        self["pai"] = index.map(Value.medical)
    }

    /// The time, whole if it is, and its known parts.
    mutating func add(time: DateTime?) {
        guard let time else { return }
        self["time"] = time.iso8601.map(Value.text)
        self["year"] = time.year == 0 ? nil : .number(time.year)
        self["month"] = time.month == 0 ? nil : .number(time.month)
        self["day"] = time.day == 0 ? nil : .number(time.day)
        self["h"] = .number(time.hour)
        self["m"] = .number(time.minute)
        self["s"] = .number(time.second)
        if !time.isValid { self["time_invalid"] = .bool(true) }
    }

    /// Which flags were set that this version does not know.
    mutating func add(unknownFlags flags: some BinaryInteger) {
        if flags != 0 { self["unknown_flags"] = .number(flags) }
    }

    /// The names of the bits that are set, lowest first.
    mutating func flags(_ key: String, _ bits: UInt16, _ names: [String]) {
        self[key] = .list(
            names.indices.filter { bits >> UInt16($0) & 1 == 1 }.map { .text(names[$0]) })
    }
}
