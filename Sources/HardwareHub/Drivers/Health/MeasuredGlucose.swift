extension Measurement {
    /// A glucose record (2A18), as the Glucose Service 1.0 has it: `glucose` in `mg/dL` (LOINC
    /// 2339-0) or `mmol/L` (15074-8), whichever the meter counts in.
    ///
    /// The codes are those of blood; interstitial fluid and control solution have none here. A
    /// record without concentration whose status says HI or LO has `glucose` absent, `above-range`
    /// or `below-range`; any other one without is absent as `unsuccessful`.
    ///
    /// Details: `sample`, `site`, `time-offset`. Status: see the table of `docs/protocols/health.md`.
    ///
    /// - Parameters:
    ///   - record: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ record: Glucose, raw: RawValue) {
        self.init(.glucose)
        sequence = UInt32(record.sequence)
        isFromMemory = true
        if let sample = record.sample {
            let isMass = sample.unit == .kilogramsPerLiter
            // Sample types 9 and 10 are not blood.
            let code = (1...8).contains(sample.type) ? isMass ? "2339-0" : "15074-8" : nil
            add("glucose", sample.displayed, isMass ? "mg/dL" : "mmol/L", code: code)
        }
        if values.isEmpty { addOutOfRange(record.status) }
        // A base time that nothing can be added to is kept as it came. Beside an offset that is out
        // of range it would pass for the time of the measurement, weeks off.
        if !record.isOffsetOutOfRange { add(time: record.time ?? record.baseTime) }
        if let sample = record.sample { add(sample) }
        add(timeOffset: record.timeOffset)
        if let bits = record.status {
            add(
                statusBits: UInt32(bits.rawValue),
                [
                    "battery-low", "sensor-malfunction", "sample-too-small",
                    "strip-inserted-incorrectly", "strip-type-wrong", "result-too-high",
                    "result-too-low", "temperature-too-high", "temperature-too-low",
                    "read-interrupted", "device-fault", "time-fault",
                ])
        }
        add(unknownFlags: record.unknownFlags)
        self.raw = [raw]
    }

    /// Says why there is no concentration: what the status says counts for more than a NaN.
    private mutating func addOutOfRange(_ status: Glucose.Status?) {
        let reason: AbsentValue.Reason? =
            switch (status?.contains(.resultTooHigh), status?.contains(.resultTooLow)) {
            case (true?, false?): .aboveRange
            case (false?, true?): .belowRange
            default: absent.isEmpty ? .unsuccessful : nil
            }
        if let reason { absent = [AbsentValue(name: "glucose", reason: reason)] }
    }

    private mutating func add(timeOffset minutes: Int16?) {
        switch minutes {
        case nil: break
        case Glucose.overrun: details.append(MeasurementDetail("time-offset", "overrun"))
        case Glucose.underrun: details.append(MeasurementDetail("time-offset", "underrun"))
        case let minutes?:
            details.append(
                MeasurementDetail("time-offset", Decimal10(mantissa: Int64(minutes)), unit: "min"))
        }
    }

    private mutating func add(_ sample: Glucose.Sample) {
        add(
            detail: "sample", sample.type,
            [
                "capillary-whole-blood", "capillary-plasma", "venous-whole-blood", "venous-plasma",
                "arterial-whole-blood", "arterial-plasma", "undetermined-whole-blood",
                "undetermined-plasma", "interstitial-fluid", "control-solution",
            ])
        add(
            detail: "site", sample.location,
            ["finger", "alternate-site", "earlobe", "control-solution"], silent: 15)
    }

    /// Adds the circumstances of a glucose measurement (2A34), each a detail: `carbohydrate`,
    /// `carbohydrate-amount` (g), `meal`, `tester`, `health`, `exercise-duration` (s),
    /// `exercise-intensity` (%), `medication`, `medication-amount` (mg or mL), `hba1c` (%).
    ///
    /// - Parameters:
    ///   - context: what was read.
    ///   - raw: the bytes that it was read from.
    public mutating func add(_ context: GlucoseContext, raw: RawValue) {
        if let carbohydrate = context.carbohydrate {
            add(
                detail: "carbohydrate", carbohydrate.kind,
                ["breakfast", "lunch", "dinner", "snack", "drink", "supper", "brunch"])
            add(
                detail: "carbohydrate-amount", carbohydrate.amount.scaled(byPowerOfTen: 3),
                unit: "g")
        }
        add(
            detail: "meal", context.meal,
            ["before-meal", "after-meal", "fasting", "casual", "bedtime"])
        add(
            detail: "tester", context.tester,
            ["self", "professional", "laboratory"], silent: 15)
        add(
            detail: "health", context.health,
            ["minor-issues", "major-issues", "during-menses", "under-stress", "no-issues"],
            silent: 15)
        if let exercise = context.exercise {
            details.append(
                exercise.duration == 0xffff
                    ? MeasurementDetail("exercise-duration", "overrun")
                    : MeasurementDetail(
                        "exercise-duration", Decimal10(mantissa: Int64(exercise.duration)),
                        unit: "s"))
            details.append(
                MeasurementDetail(
                    "exercise-intensity", Decimal10(mantissa: Int64(exercise.intensity)), unit: "%")
            )
        }
        if let medication = context.medication {
            add(
                detail: "medication", medication.kind,
                [
                    "rapid-acting-insulin", "short-acting-insulin", "intermediate-acting-insulin",
                    "long-acting-insulin", "premixed-insulin",
                ])
            let isMass = medication.unit == .kilograms
            add(
                detail: "medication-amount",
                medication.amount.scaled(byPowerOfTen: isMass ? 6 : 3), unit: isMass ? "mg" : "mL")
        }
        add(detail: "hba1c", context.hba1c, unit: "%")
        // All bits of the extended flags are reserved.
        add(unknownFlags: context.extendedFlags ?? 0)
        self.raw.append(raw)
    }
}
