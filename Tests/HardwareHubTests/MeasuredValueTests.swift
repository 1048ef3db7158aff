import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("What a health device measured becomes a measurement with unit and code")
struct MeasuredValueTests {
    static func raw(_ uuid: GATTUUID, _ text: String) -> RawValue { RawValue(uuid, hex(text)) }

    @Test func bloodPressure() throws {
        let bytes = hex("1e8a00580078000000041114293b3c00012700")
        let value = Measurement(
            try BloodPressure(bytes.span), raw: RawValue(0x2a35, bytes))
        #expect(value.kind == .bloodPressure)
        #expect(
            value.texts == [
                "systolic 138 mm[Hg] 8480-6", "diastolic 88 mm[Hg] 8462-4",
                "mean-arterial 120 mm[Hg] 8478-0", "pulse-rate 60 /min 8867-4",
            ])
        #expect(value.detailTexts == ["user 1"])
        #expect(
            value.status == [
                "time-incomplete", "body-movement", "cuff-too-loose", "irregular-pulse",
                "improper-position",
            ])
        #expect(value.deviceTime?.day == 17 && !value.isProvisional)
        #expect(value.raw == [RawValue(0x2a35, bytes)])
    }

    /// A device that counts in kPa is kept in kPa.
    @Test func kilopascals() throws {
        let bytes = hex("15bdf00b009ff03c001200")
        let value = Measurement(try BloodPressure(bytes.span), raw: RawValue(0x2a35, bytes))
        #expect(
            value.texts == [
                "systolic 18.9 kPa 8480-6", "diastolic 11 kPa 8462-4",
                "mean-arterial 15.9 kPa 8478-0", "pulse-rate 60 /min 8867-4",
            ])
        #expect(value.status == ["cuff-too-loose", "pulse-rate-low"])
    }

    @Test func reservedBitsAreTold() throws {
        for (text, status) in [
            ("107800500060001800", ["unknown-status"]), ("107800500060004000", ["unknown-status"]),
            ("30780050006000 0100", ["body-movement", "unknown-flags"]),
        ] {
            let value = Measurement(
                try BloodPressure(hex(text.filter { $0 != " " }).span),
                raw: RawValue(0x2a35, []))
            #expect(value.status == status)
        }
    }

    /// A cuff that fills has one pressure; what it cannot know is not absent, it has no place.
    @Test func cuff() throws {
        let bytes = hex("00c800ff07ff07")
        let value = Measurement(cuff: try BloodPressure(bytes.span), raw: RawValue(0x2a36, bytes))
        #expect(value.texts == ["cuff-pressure 200 mm[Hg] –"])
        #expect(value.isProvisional && value.absent.isEmpty)
    }

    @Test func specialValuesAreAbsent() throws {
        let bytes = hex("00ff07000801080208fe07")
        let value = Measurement(try BloodPressure(bytes.span), raw: RawValue(0x2a35, bytes))
        #expect(value.values.isEmpty)
        #expect(
            value.absentTexts == [
                "systolic not-a-number", "diastolic not-at-this-resolution",
                "mean-arterial reserved",
            ])
        let ranges = hex("00fe0702087800")
        #expect(
            Measurement(try BloodPressure(ranges.span), raw: RawValue(0x2a35, ranges)).absentTexts
                == ["systolic above-range", "diastolic below-range"])
    }

    @Test func weights() throws {
        func weight(_ text: String) throws -> Measurement {
            Measurement(try BodyWeight(hex(text).span), raw: Self.raw(0x2a9d, text))
        }
        #expect(try weight("00b036").texts == ["body-weight 70.000 kg 29463-7"])
        let pounds = try weight("0d4b3c05ed000d08")
        #expect(
            pounds.texts == [
                "body-weight 154.35 [lb_av] 29463-7", "body-mass-index 23.7 kg/m2 39156-5",
                "body-height 206.1 [in_i] 8302-2",
            ])
        #expect(pounds.detailTexts == ["user 5"])
        let metric = try weight("0cb036ffed00d606")
        #expect(metric.texts.last == "body-height 1.750 m 8302-2" && metric.details.isEmpty)
        #expect(try weight("00ffff").absentTexts == ["body-weight unsuccessful"])
        #expect(try weight("80b036").status == ["unknown-flags"])
    }

    @Test func bodyComposition() throws {
        let bytes = hex("f80fe10034089001100e8813900f2c01881301b0369a06")
        let value = Measurement(try BodyComposition(bytes.span), raw: RawValue(0x2a9c, bytes))
        #expect(value.kind == .bodyComposition)
        #expect(
            value.texts.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") } == [
                "% 41982-0", "kJ –", "% –", "kg –", "kg –", "kg –", "kg –", "Ohm –", "kg 29463-7",
                "m 8302-2",
            ])
        #expect(value.texts.first == "body-fat 22.5 % 41982-0")
        let failed = hex("0000ffff")
        #expect(
            Measurement(try BodyComposition(failed.span), raw: RawValue(0x2a9c, failed)).absentTexts
                == ["body-fat unsuccessful"])
    }

    @Test func temperatures() throws {
        let bytes = hex("06b00e00fedc070c050b321b04")
        let value = Measurement(try BodyTemperature(bytes.span), raw: RawValue(0x2a1c, bytes))
        #expect(value.texts == ["body-temperature 37.60 Cel 8310-5"])
        #expect(value.detailTexts == ["site finger"])
        #expect(value.deviceTime?.iso8601 == "2012-12-05T11:50:27")
        let hot = hex("01e30300ff")
        let fahrenheit = Measurement(
            try BodyTemperature(hot.span), site: TemperatureSite(rawValue: 3), isProvisional: true,
            raw: RawValue(0x2a1e, hot))
        #expect(fahrenheit.texts == ["body-temperature 99.5 [degF] 8310-5"])
        #expect(fahrenheit.detailTexts == ["site ear"] && fahrenheit.isProvisional)
        let strange = hex("0400000000c8")
        #expect(
            Measurement(try BodyTemperature(strange.span), raw: RawValue(0x2a1c, strange))
                .detailTexts == ["site 200"])
    }

    static func glucose(_ text: String) throws -> Measurement {
        Measurement(try Glucose(hex(text).span), raw: raw(0x2a18, text))
    }

    /// kg/L × 10⁵ and mol/L × 10³, exactly.
    @Test func glucoseUnits() throws {
        let molar = try Self.glucose("060200e807030f0e1e2d37c011")
        #expect(molar.texts == ["glucose 5.5 mmol/L 15074-8"])
        #expect(molar.detailTexts == ["sample capillary-whole-blood", "site finger"])
        #expect(molar.sequence == 2 && molar.isFromMemory)
        #expect(
            try Self.glucose("020200e807030f0e1e2d63b011").texts == ["glucose 99 mg/dL 2339-0"])
        let offset = try Self.glucose("1b0100e307021b0b0a1efbff1e00120501")
        #expect(offset.deviceTime?.iso8601 == "2019-02-27T11:05:30")
        #expect(
            offset.detailTexts == ["sample capillary-plasma", "site finger", "time-offset -5 min"])
        #expect(offset.status == ["battery-low", "sample-too-small", "temperature-too-low"])
    }

    /// An offset that the field cannot say is no number of minutes, and then nobody knows the time: the
    /// base time would be weeks off.
    @Test(arguments: [("ff7f", "overrun"), ("0080", "underrun")])
    func glucoseOffsetOutOfRange(offset: String, word: String) throws {
        let text = "030100e307021b0b0a1e\(offset)63b011"
        let value = try Self.glucose(text)
        #expect(value.deviceTime == nil && value.texts == ["glucose 99 mg/dL 2339-0"])
        #expect(value.detailTexts.last == "time-offset \(word)")
        let fields = try DecodeArea.glucose.decode(text: text)
        #expect(fields["offset_min"] == .text(word) && fields["time"] == nil)
        #expect(fields["base"] == .text("2019-02-27T11:10:30"))
        // The largest offsets that are some.
        let most = offset == "ff7f" ? "fe7f" : "0180"
        #expect(try Self.glucose("030100e307021b0b0a1e\(most)63b011").deviceTime != nil)
    }

    /// Neither interstitial fluid nor control solution is blood.
    @Test func glucoseElsewhere() throws {
        for (kind, word) in [("19", "interstitial-fluid"), ("4a", "control-solution")] {
            let value = try Self.glucose("020200e807030f0e1e2d63b0\(kind)")
            #expect(value.texts == ["glucose 99 mg/dL –"])
            #expect(value.detailTexts.first == "sample \(word)")
        }
        #expect(try Self.glucose("020200e807030f0e1e2d63b0f1").detailTexts.count == 1)
    }

    /// HI and LO are results: they must not become a zero or nothing.
    @Test func glucoseOutOfRange() throws {
        for (text, absent) in [
            ("080100e307021b0b0a1e2000", "above-range"),
            ("080100e307021b0b0a1e4000", "below-range"),
            ("080100e307021b0b0a1e6000", "unsuccessful"), ("000100e307021b0b0a1e", "unsuccessful"),
            ("020100e307021b0b0a1eff0711", "not-a-number"),
            ("0a0100e307021b0b0a1eff07112000", "above-range"),
            ("020100e307021b0b0a1efe0711", "above-range"),
        ] {
            let value = try Self.glucose(text)
            #expect(value.absentTexts == ["glucose \(absent)"] && value.values.isEmpty)
        }
        // A concentration counts, whatever the status says.
        let both = try Self.glucose("0a0100e307021b0b0a1e63b0112000")
        #expect(both.texts == ["glucose 99 mg/dL 2339-0"] && both.status == ["result-too-high"])
    }

    @Test func glucoseContext() throws {
        var value = try Self.glucose("120000e807030f0e1e2d63b011")
        let text = "ff0000b303640004123c0032047b00e5f0"
        value.add(try GlucoseContext(hex(text).span), raw: Self.raw(0x2a34, text))
        #expect(
            Array(value.detailTexts.dropFirst(2)) == [
                "carbohydrate dinner", "carbohydrate-amount 100000 g", "meal casual",
                "tester professional", "health minor-issues", "exercise-duration 60 s",
                "exercise-intensity 50 %", "medication long-acting-insulin",
                "medication-amount 123000 mL", "hba1c 22.9 %",
            ])
        #expect(value.raw.map(\.characteristic) == [0x2a18, 0x2a34])
        #expect(value.status == ["unknown-flags"], "the extended flags are reserved")
        var other = try Self.glucose("120000e807030f0e1e2d63b011")
        other.add(
            try GlucoseContext(hex("4c000051ffff32ff07").span), raw: Self.raw(0x2a34, ""))
        #expect(
            Array(other.detailTexts.dropFirst(2)) == [
                "tester self", "health no-issues", "exercise-duration overrun",
                "exercise-intensity 50 %",
            ])
        #expect(other.absentTexts == ["hba1c not-a-number"])
    }

    @Test func oximeters() throws {
        let spot = hex("1f6100480 0e807030f0e1e2d2003210080c800".filter { $0 != " " })
        let value = Measurement(try PulseOximetry(spot.span), raw: RawValue(0x2a5e, spot))
        #expect(
            value.texts == [
                "oxygen-saturation 97 % 59408-5", "pulse-rate 72 /min 8867-4",
                "pulse-amplitude-index 200 % –",
            ])
        #expect(value.isClockUnset && value.isFromMemory && value.deviceTime?.hour == 14)
        #expect(
            value.status == [
                "ongoing", "fully-qualified", "from-storage", "extended-display-update",
                "low-perfusion", "unknown-status",
            ])
        let running = hex("036100480062004900ff07ff07")
        let stream = Measurement(
            try ContinuousPulseOximetry(running.span), raw: RawValue(0x2a5f, running))
        #expect(
            stream.texts == [
                "oxygen-saturation 97 % 59408-5", "pulse-rate 72 /min 8867-4",
                "oxygen-saturation-fast 98 % –", "pulse-rate-fast 73 /min –",
            ])
        #expect(
            stream.absentTexts == [
                "oxygen-saturation-slow not-a-number", "pulse-rate-slow not-a-number",
            ])
    }

    @Test func heartRateAndRunning() throws {
        func heart(_ text: String) throws -> Measurement {
            Measurement(try HeartRate(hex(text).span), raw: Self.raw(0x2a37, text))
        }
        let worn = try heart("1e5532002100")
        #expect(worn.texts == ["heart-rate 85 /min 8867-4", "energy 50 kJ –"])
        #expect(worn.status == [] && worn.raw.first?.bytes == hex("1e5532002100"))
        #expect(try heart("0455").status == ["no-skin-contact"])
        #expect(try heart("1055").status == ["intervals-missing"])
        let bytes = hex("07800255640039300000")
        let run = Measurement(try RunningSpeed(bytes.span), raw: RawValue(0x2a53, bytes))
        #expect(
            run.texts == [
                "speed 2.50000000 m/s –", "cadence 85 {steps}/min –", "stride-length 100 cm –",
                "distance 1234.5 m –",
            ])
        #expect(run.detailTexts == ["gait running"])
    }

    /// An impossible date is kept as it came and says that it is one.
    @Test func brokenClocks() throws {
        let bytes = hex("027800500060 00e8070d010a0000".filter { $0 != " " })
        let value = Measurement(try BloodPressure(bytes.span), raw: RawValue(0x2a35, bytes))
        #expect(value.status == ["time-invalid"] && value.deviceTime?.month == 13)
        #expect(value.values.count == 3)
    }

    /// Each value of the vectors comes out with the number that the vector names.
    @Test(arguments: ["bp", "ht", "hr", "rsc", "glucose", "weight", "plx"])
    func vectors(area: String) throws {
        let sources: [String: (GATTUUID, [String])] = [
            "bp": (0x2a35, ["sys", "dia", "map", "pulse"]), "ht": (0x2a1c, ["c", "f"]),
            "hr": (0x2a37, ["bpm"]), "rsc": (0x2a53, ["speed_mps", "cadence"]),
            "glucose": (0x2a18, ["mmol_per_l", "mg_per_dl"]),
            "weight": (0x2a9d, ["kg", "lb", "bmi"]),
            "plx": (0x2a5e, ["spo2", "pulse"]),
        ]
        let (uuid, keys) = try #require(sources[area])
        let kinds = [
            "bp": "blood-pressure", "ht": "thermometer", "hr": "heart-rate", "rsc": "running-speed",
            "glucose": "glucose-meter", "weight": "weight-scale", "plx": "pulse-oximeter",
        ]
        for vector in Vector.all(area) where area != "glucose" {
            var session = try HealthSession(
                kinds[area] ?? "", HealthMachineTests.table(kinds[area] ?? ""))
            session.connect()
            session.settle()
            session.send(uuid, vector.bytes)
            session.settle()
            if vector.decoded["result"] == .string("malformed"), area != "hr" {
                #expect(session.kept.isEmpty && session.reports.count == 1, "\(vector.name)")
                continue
            }
            guard vector.decoded["result"] == nil, let first = session.kept.first else { continue }
            let numbers = first.values.map(\.value.double)
            for key in keys {
                guard case .number(let expected)? = vector.decoded[key] else { continue }
                #expect(numbers.contains(expected), "\(vector.name): \(key)")
            }
        }
    }
}
