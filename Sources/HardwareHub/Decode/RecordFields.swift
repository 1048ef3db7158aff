import BeaconScanner

extension DecodedFields {
    /// The fields of a glucose measurement.
    init(_ value: Glucose) {
        self.init()
        self["seq"] = .number(value.sequence)
        self["base"] = value.baseTime.iso8601.map(Value.text)
        if value.baseTime.iso8601 == nil { add(time: value.baseTime) }
        self["offset_min"] = value.timeOffset.map { offset in
            switch offset {
            case Glucose.overrun: .text("overrun")
            case Glucose.underrun: .text("underrun")
            default: .number(offset)
            }
        }
        self["time"] = value.time?.iso8601.map(Value.text)
        if let sample = value.sample {
            let isMass = sample.unit == .kilogramsPerLiter
            self[isMass ? "kg_per_l" : "mol_per_l"] = .medical(sample.concentration)
            self[isMass ? "mg_per_dl" : "mmol_per_l"] = .medical(sample.displayed)
            self["type"] = .number(sample.type)
            self["location"] = .number(sample.location)
        }
        if let status = value.status {
            self["status"] = .number(status.rawValue)
            flags(
                "status_flags", status.rawValue,
                [
                    "battery low", "sensor malfunction", "sample too small", "strip insertion",
                    "strip type", "result too high", "result too low", "temperature too high",
                    "temperature too low", "read interrupted", "device fault", "time fault",
                ])
        }
        self["context"] = .bool(value.contextFollows)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of a glucose measurement's context.
    init(_ value: GlucoseContext) {
        self.init()
        self["seq"] = .number(value.sequence)
        self["extended_flags"] = value.extendedFlags.map(Value.number)
        self["carbohydrate"] = value.carbohydrate.map { .number($0.kind) }
        self["carbohydrate_kg"] = value.carbohydrate.map { .medical($0.amount) }
        self["meal"] = value.meal.map(Value.number)
        self["tester"] = value.tester.map(Value.number)
        self["health"] = value.health.map(Value.number)
        self["exercise_s"] = value.exercise.map { .number($0.duration) }
        self["exercise_percent"] = value.exercise.map { .number($0.intensity) }
        if let medication = value.medication {
            self["medication"] = .number(medication.kind)
            self[medication.unit == .liters ? "medication_l" : "medication_kg"] =
                .medical(medication.amount)
        }
        self["hba1c_percent"] = value.hba1c.map(Value.medical)
    }

    /// The fields of a record access answer.
    init(_ value: RecordAccess.Response) {
        self.init()
        switch value {
        case .count(let count): self["count"] = .number(count)
        case .result(let request, let result):
            self["request"] = .number(request)
            self["code"] = .number(result.rawValue)
            self["meaning"] = result.name.map(Value.text)
        }
    }

    /// The fields of a record access request.
    init(_ value: RecordAccess.WrittenRequest) {
        self.init()
        self["op"] = .number(value.opcode)
        self["operator"] = .number(value.selection)
        self["filter"] = value.filter.map(Value.number)
        self["operand"] = value.operands.isEmpty ? nil : .text(Hex.lower(value.operands))
        self["from_seq"] = value.sequences.from.map(Value.number)
        self["to_seq"] = value.sequences.to.map(Value.number)
        self["meaning"] = .text(
            value.opcode == 3 ? value.name : "\(value.name) \(value.selectionName)")
    }

    /// The fields of what is written to or indicated by a record access control point.
    init(recordAccess value: Span<UInt8>) throws(MalformedValue) {
        // 5 and 6 answer; everything else asks, or is refused as a request.
        guard value.count > 0, value[0] == 5 || value[0] == 6 else {
            self.init(try RecordAccess.WrittenRequest(value))
            return
        }
        self.init(try RecordAccess.Response(value))
        self["op"] = .number(value[0])
        self["operator"] = .number(value[1])
    }

    /// The fields of a date and time.
    init(_ value: DateTime) {
        self.init()
        add(time: value)
    }

    /// The fields of a current time.
    init(_ value: CurrentTime) {
        self.init()
        add(time: value.time)
        self["dow"] = .number(value.weekday)
        self["frac256"] = .number(value.fractions)
        self["adjust"] = .number(value.reasons.rawValue)
        flags(
            "adjust_flags", UInt16(value.reasons.rawValue),
            ["manual", "external", "time zone", "daylight saving"])
    }

    /// The fields of a local time information.
    init(_ value: LocalTimeInformation) {
        self.init()
        self["tz_quarter_hours"] = value.quarterHours.map(Value.number)
        self["dst_quarter_hours"] = value.daylightSaving.map(Value.number)
    }

    /// The fields of a PnP ID.
    init(_ value: PnPID) {
        self.init()
        self["source"] = .number(value.source)
        self["vendor"] = .number(value.vendor)
        self["product"] = .number(value.product)
        self["version"] = .number(value.version)
    }

    /// The fields of a pedometer's value.
    init(_ value: WeChatSport) {
        self.init()
        self["steps"] = .number(value.steps)
        self["distance_m"] = value.distance.map(Value.number)
        self["kcal"] = value.energy.map(Value.number)
        add(unknownFlags: value.unknownFlags)
    }

    /// The fields of an AirKiss discovery datagram.
    init(_ value: AirKissDiscovery) {
        self.init()
        self["version"] = .text(hexadecimal(UInt64(value.version), digits: 8))
        self["len"] = .number(value.body.count + AirKissDiscovery.headerSize)
        self["cmd"] = .number(value.command.rawValue)
        self["body"] = .text(String(decoding: value.body, as: UTF8.self))
    }
}
