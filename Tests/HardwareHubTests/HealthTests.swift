import HardwareHub
import TestSupport
import Testing

@Suite("Health values mean what the Bluetooth specifications say")
struct HealthTests {
    /// A cuff that fills: only its pressure is a number.
    @Test func intermediateCuffPressure() throws {
        let cuff = try BloodPressure(hex("00c800ff07ff07").span)
        #expect(cuff.systolic.description == "200")
        #expect(cuff.diastolic == .notANumber && cuff.meanArterial == .notANumber)
        #expect(cuff.unit == .millimetersOfMercury && cuff.time == nil && cuff.status == nil)
    }

    @Test func bloodPressureStatus() throws {
        let value = try BloodPressure(hex("15bdf00b009ff03c001200").span)
        #expect(value.status == [.cuffTooLoose, .pulseRateLow])
        #expect(value.unit == .kilopascals)
        #expect(try BloodPressureFeature(hex("2100").span) == [.bodyMovement, .multipleBonds])
    }

    @Test func temperatureInFahrenheit() throws {
        let value = try BodyTemperature(hex("01e30300ff").span)
        #expect(value.unit == .fahrenheit && value.temperature.description == "99.5")
        #expect(value.site == nil && value.time == nil)
        #expect(try TemperatureSite([9].span).name == "eardrum")
        #expect(try TemperatureSite([10].span).name == nil)
        #expect(try BodyTemperature(hex("00ffff7f00").span).temperature == .notANumber)
    }

    /// Bit 5 is "higher than the device can process". Confusing it with bit 6 endangers people.
    @Test func glucoseTooHighIsBitFive() throws {
        let high = try Glucose(hex("080100e307021b0b0a1e2000").span)
        #expect(high.status == .resultTooHigh)
        #expect(high.sample == nil && !high.contextFollows)
        let low = try Glucose(hex("080100e307021b0b0a1e4000").span)
        #expect(low.status == .resultTooLow)
    }

    /// 5.5 mmol/L and 99 mg/dL, as meters send them.
    @Test func glucoseUnits() throws {
        let molar = try Glucose(hex("060200e807030f0e1e2d37c011").span)
        #expect(molar.sample?.displayed.description == "5.5")
        let mass = try Glucose(hex("020200e807030f0e1e2d63b011").span)
        #expect(mass.sample?.concentration.description == "0.00099")
        #expect(mass.sample?.displayed.description == "99")
        #expect(mass.time?.iso8601 == "2024-03-15T14:30:45")
    }

    @Test func glucoseContext() throws {
        let all = try GlucoseContext(hex("ff0000b303640004123c0032047b00e5f0").span)
        #expect(all.sequence == 0 && all.extendedFlags == 0xb3)
        #expect(all.carbohydrate?.kind == 3 && all.carbohydrate?.amount.description == "100")
        #expect(all.meal == 4 && all.tester == 2 && all.health == 1)
        #expect(all.exercise?.duration == 60 && all.exercise?.intensity == 50)
        #expect(all.medication?.kind == 4 && all.medication?.unit == .liters)
        #expect(all.hba1c?.description == "22.9")
    }

    @Test func recordAccess() throws {
        #expect(RecordAccess.Request.reportAll.bytes == hex("0101"))
        #expect(RecordAccess.Request.report(from: 0x0102).bytes == hex("0103010201"))
        #expect(RecordAccess.Request.reportLast.bytes == hex("0106"))
        #expect(RecordAccess.Request.abort.bytes == hex("0300"))
        #expect(RecordAccess.Request.countAll.bytes == hex("0401"))
        #expect(RecordAccess.Request.count(from: 9).bytes == hex("0403010900"))
        #expect(try RecordAccess.Response(hex("05000201").span) == .count(258))
        #expect(
            try RecordAccess.Response(hex("06000106").span)
                == .result(request: 1, .noRecords))
        #expect(RecordAccess.Result.noRecords.name == "no records found")
        #expect(
            throws: MalformedValue.invalid(
                "the opcode is neither a count (5) nor a result (6)", at: 0)
        ) {
            try RecordAccess.Response(hex("0100").span)
        }
        ByteVerifier.neighbours(of: hex("06000106")) { _ = try? RecordAccess.Response($0.span) }
    }

    /// What a phone wrote is decoded as well as what the device answered.
    @Test func recordAccessRequests() throws {
        func fields(_ text: String) throws -> DecodedFields {
            try DecodeArea.recordAccess.decode(text: text)
        }
        for (text, op, selection, meaning) in [
            ("0101", 1, 1, "report all"), ("0106", 1, 6, "report last"), ("0300", 3, 0, "abort"),
            ("0401", 4, 1, "count all"), ("0201", 2, 1, "delete all"),
        ] as [(String, Int64, Int64, String)] {
            let fields = try fields(text)
            #expect(fields["op"] == .integer(op) && fields["operator"] == .integer(selection))
            #expect(fields["meaning"] == .text(meaning) && fields["operand"] == nil)
        }
        let from = try fields("0103010201")
        #expect(from["from_seq"] == .integer(0x0102) && from["to_seq"] == nil)
        #expect(from["meaning"] == .text("report from") && from["filter"] == .integer(1))
        let within = try fields("01040102000500")
        #expect(within["from_seq"] == .integer(2) && within["to_seq"] == .integer(5))
        #expect(try fields("010302e207040b0f3300")["operand"] == .text("e207040b0f3300"))
        let count = try fields("05000201")
        #expect(count["op"] == .integer(5) && count["count"] == .integer(258))
        for (text, fault) in [
            ("", "byte 0: opcode missing"), ("01", "byte 1: operator missing"),
            ("0701", "byte 0: the opcode is none of 1 to 6"),
            ("0107", "byte 1: the operator is none of 0 to 6"),
            ("0103", "byte 2: kind of the operand missing"),
            ("01030102", "byte 3: operand missing"), ("0104010200", "byte 3: operand missing"),
        ] {
            let error = #expect(throws: MalformedValue.self) { try fields(text) }
            #expect(error.map { "\($0)" } == fault)
        }
        for text in ["01040102000500", "06000106"] {
            ByteVerifier.neighbours(of: hex(text)) {
                _ = try? DecodeArea.recordAccess.decode($0.span)
            }
        }
    }

    /// 0.005 kg and 0.01 lb: the steps differ, not only the unit.
    @Test func weights() throws {
        let metric = try BodyWeight(hex("00b036").span)
        #expect(metric.weight?.text == "70.000" && metric.unit == .kilograms)
        let imperial = try BodyWeight(hex("094b3c01020302").span)
        #expect(imperial.weight?.text == "154.35" && imperial.unit == .pounds)
        #expect(imperial.bodyMassIndex?.text == "51.3" && imperial.height?.text == "51.5")
        #expect(try BodyWeight(hex("00ffff").span).weight == nil)
        #expect(try BodyWeight(hex("00feff").span).weight?.text == "327.670")
        let feature = try WeightScaleFeature(hex("3d000000").span)
        #expect(feature.hasTime && !feature.hasUsers && feature.hasBodyMassIndex)
        #expect(feature.weightResolution?.text == "0.005")
    }

    @Test func bodyComposition() throws {
        let value = try BodyComposition(hex("1806e100881390012c01b03610").span)
        #expect(value.fat?.text == "22.5" && value.basalMetabolism == 5000)
        #expect(value.muscle?.text == "40.0" && value.impedance?.text == "30.0")
        #expect(value.weight?.text == "70.000" && value.height == nil && !value.continues)
        #expect(try BodyComposition(hex("0000ffff").span).fat == nil)
        #expect(try BodyComposition(hex("0010e100").span).continues)
    }

    @Test func oximeters() throws {
        let spot = try PulseOximetry(hex("06610048002001000080").span)
        #expect(spot.status == [.ongoing, .fullyQualified] && spot.sensorStatus == 0x800000)
        let running = try ContinuousPulseOximetry(hex("036100480062004900ff07ff07").span)
        #expect(running.fast?.saturation.description == "98")
        #expect(running.slow?.pulseRate == .notANumber)
    }

    @Test func heartRates() throws {
        let value = try HeartRate(hex("1e5532002100ff").span)
        #expect(value.beatsPerMinute == 85 && value.contact == .detected && value.energy == 50)
        #expect(value.intervals == [33], "half an interval is ignored")
        // The service wants at least one interval where some are announced. Without, the value is
        // malformed, but its rate and energy are not lost.
        let none = try HeartRate(hex("19d0144ac0").span)
        #expect(none.beatsPerMinute == 5328 && none.energy == 49_226)
        #expect(none.announcesIntervals && none.intervals == [])
        #expect(none.fault == .missing("interval between beats", at: 5) && value.fault == nil)
        let fields = try DecodeArea.heartRate.decode(text: "19d0144ac0")
        #expect(fields["result"] == .text("malformed"))
        #expect(fields["reason"] == .text("byte 5: interval between beats missing"))
        #expect(fields["bpm"] == .integer(5328) && fields["energy_kj"] == .integer(49_226))
        #expect(fields["rr"] == .list([]))
        #expect(try DecodeArea.heartRate.decode(text: "0055")["rr"] == nil)
        for (flags, contact) in [
            (0, .notSupported), (2, .notSupported), (4, .notDetected), (6, .detected),
        ]
            as [(UInt8, HeartRate.Contact)]
        {
            #expect(try HeartRate([flags, 60].span).contact == contact)
        }
    }

    @Test func clocks() throws {
        let time = DateTime(year: 2025, month: 1, day: 15, hour: 14, minute: 30, second: 45)
        let current = CurrentTime(time: time, weekday: 3, fractions: 33, reasons: .manual)
        #expect(current.bytes == hex("e907010f0e1e2d032101"))
        #expect(try CurrentTime(current.bytes.span) == current)
        #expect(throws: MalformedValue.self) { try CurrentTime(hex("e907010f0e1e2d082101").span) }
        for zone in [-48, 0, 32, 56, nil] as [Int8?] {
            for saving in [0, 2, 4, 8, nil] as [UInt8?] {
                let local = LocalTimeInformation(quarterHours: zone, daylightSaving: saving)
                #expect(try LocalTimeInformation(local.bytes.span) == local)
            }
        }
        for bytes in [[57, 0], [0xcf, 0], [0, 1], [0]] as [[UInt8]] {
            #expect(throws: MalformedValue.self) { try LocalTimeInformation(bytes.span) }
        }
    }

    @Test func deviceInformation() throws {
        #expect(DeviceInformation.text(Array("HEM-7\0\0".utf8).span) == "HEM-7")
        #expect(DeviceInformation.text(hex("ff41").span) == "\u{fffd}A")
        #expect(DeviceInformation.text([UInt8]().span) == "")
        #expect(try DeviceInformation.batteryLevel([100].span) == 100)
        #expect(throws: MalformedValue.self) { try DeviceInformation.batteryLevel([101].span) }
        let pnp = try PnPID(hex("010d0001001002").span)
        #expect(pnp.vendor == 13 && pnp.product == 1 && pnp.version == 0x0210 && pnp.source == 1)
        let system = try SystemID(hex("0102030405aabbcc").span)
        #expect(system.number == 0x05_0403_0201 && system.manufacturer == 0xccbbaa)
    }
}
