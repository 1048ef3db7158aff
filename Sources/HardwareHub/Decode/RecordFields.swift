import BeaconScanner

extension DecodedFields {
    /// The fields of a glucose measurement.
    init(_ value: Glucose) {
        self.init()
        self["seq"] = .number(value.sequence)
        self["base"] = value.baseTime.iso8601.map(Value.text)
        if value.baseTime.iso8601 == nil { add(time: value.baseTime) }
        self["offset_min"] = value.timeOffset.map(Value.number)
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

/// The fields of AirKiss symbols.
enum AirKissFields {
    /// Most numbers read: the longest message takes 200 symbols a round, captures a few rounds.
    static let mostSymbols = 4096

    /// Decodes decimal numbers, whatever stands between them.
    static func decode(text: String, aids: DecodeAids) throws(MalformedValue) -> DecodedFields {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let lengths = text.utf8.split { !digits.contains($0) }.prefix(mostSymbols).compactMap {
            UInt16(Substring($0))
        }
        guard let found = AirKissDecoder.decode(lengths, baseLength: aids.baseLength),
            let symbols = AirKissSymbols(found.message)
        else {
            throw .invalid("the symbols do not make a whole message with a right CRC", at: 0)
        }
        var fields = DecodedFields()
        func list(_ symbols: [UInt16]) -> DecodedFields.Value { .list(symbols.map { .number($0) }) }
        let message = found.message
        fields["base_length"] = .number(found.baseLength)
        fields["guide"] = list(AirKissSymbols.guide)
        fields["magic"] = list(symbols.magic)
        fields["prefix"] = list(symbols.prefix)
        fields["sequences"] = .list(symbols.sequences.map(list))
        fields["total"] = .number(message.bytes.count)
        fields["ssid"] = .text(String(decoding: message.name, as: UTF8.self))
        fields["password"] = .text(String(decoding: message.password, as: UTF8.self))
        fields["random"] = .text(Hex.lower([message.random]))
        return fields
    }
}
