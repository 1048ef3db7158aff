/// A blood glucose measurement (Glucose Measurement, 2A18).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 2: mol/L instead of kg/L; bit 4: a context record follows | – |
/// | 2 | sequence number | – |
/// | 7 | base time | – |
/// | 2 | time offset in minutes, signed; 7fff = overrun, 8000 = underrun | 0 |
/// | 2 | concentration, SFLOAT | 1 |
/// | 1 | low nibble: kind of sample; high nibble: where it was taken | 1 |
/// | 2 | status | 3 |
public struct Glucose: Hashable, Sendable {
    /// What the concentration is counted in on the wire.
    public enum Unit: Sendable {
        /// Kilograms per liter; ×100,000 gives mg/dL.
        case kilogramsPerLiter
        /// Moles per liter; ×1,000 gives mmol/L.
        case molesPerLiter
    }

    /// A concentration and what was measured.
    public struct Sample: Hashable, Sendable {
        /// What the concentration is counted in on the wire.
        public let unit: Unit
        /// The concentration, in `unit`.
        public let concentration: MedicalFloat
        /// What was measured: 1 capillary whole blood, 2 capillary plasma, 3 venous whole blood,
        /// 4 venous plasma, 5 arterial whole blood, 6 arterial plasma, 7 and 8 undetermined whole
        /// blood and plasma, 9 interstitial fluid, 10 control solution.
        public let type: UInt8
        /// Where it was taken: 1 finger, 2 alternate site, 3 earlobe, 4 control solution,
        /// 15 not available.
        public let location: UInt8

        /// The concentration in the unit people read: mg/dL or mmol/L. Exact.
        public var displayed: MedicalFloat {
            concentration.scaled(byPowerOfTen: unit == .kilogramsPerLiter ? 5 : 3)
        }
    }

    /// What the device noticed.
    ///
    /// Bit 5 is "too high", bit 6 "too low": two well-known libraries have them the wrong way
    /// round, the specification, Wireshark and makers' kits agree on this one.
    public struct Status: OptionSet, Hashable, Sendable {
        /// The 16 bits of the field.
        public let rawValue: UInt16

        /// Makes a status from the field's bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The device's battery was low.
        public static let batteryLow = Status(rawValue: 1 << 0)
        /// The sensor failed or malfunctioned.
        public static let sensorMalfunction = Status(rawValue: 1 << 1)
        /// The sample was too small.
        public static let sampleTooSmall = Status(rawValue: 1 << 2)
        /// The strip was not inserted well.
        public static let stripInsertion = Status(rawValue: 1 << 3)
        /// The strip is of the wrong type.
        public static let stripType = Status(rawValue: 1 << 4)
        /// The result is higher than the device can process.
        public static let resultTooHigh = Status(rawValue: 1 << 5)
        /// The result is lower than the device can process.
        public static let resultTooLow = Status(rawValue: 1 << 6)
        /// The sensor was too hot.
        public static let temperatureTooHigh = Status(rawValue: 1 << 7)
        /// The sensor was too cold.
        public static let temperatureTooLow = Status(rawValue: 1 << 8)
        /// The strip was pulled too soon.
        public static let readInterrupted = Status(rawValue: 1 << 9)
        /// The device has a fault.
        public static let deviceFault = Status(rawValue: 1 << 10)
        /// The time may be wrong.
        public static let timeFault = Status(rawValue: 1 << 11)
    }

    /// The record's number in the device; with the device and the base time it names the record.
    public let sequence: UInt16
    /// The device's clock when its user last set it by hand plus what passed since.
    public let baseTime: DateTime
    /// Minutes to add to the base time, from −32767 to 32766; `overrun` and `underrun` are none.
    public let timeOffset: Int16?
    /// The concentration and what was measured.
    public let sample: Sample?
    /// What the device noticed.
    public let status: Status?
    /// Whether a `GlucoseContext` with the same sequence number follows.
    public let contextFollows: Bool
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// The offset of a clock that was set forward further than the field can say.
    public static let overrun = Int16.max
    /// The offset of a clock that was set back further than the field can say.
    public static let underrun = Int16.min

    /// Whether there is an offset that the field cannot say: then nobody knows the time.
    public var isOffsetOutOfRange: Bool {
        timeOffset == Self.overrun || timeOffset == Self.underrun
    }

    /// When it was measured: base time plus offset; nil when the date is incomplete or invalid, or
    /// the offset is out of range.
    public var time: DateTime? {
        isOffsetOutOfRange ? nil : baseTime.adding(minutes: timeOffset ?? 0)
    }

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        sequence = try cursor.uint16(value, "sequence number")
        baseTime = try cursor.dateTime(value, "base time")
        timeOffset =
            flags & 1 == 0 ? nil : Int16(bitPattern: try cursor.uint16(value, "time offset"))
        if flags & 2 == 0 {
            sample = nil
        } else {
            let concentration = try cursor.sfloat(value, "concentration")
            let kind = try cursor.uint8(value, "type and sample location")
            sample = Sample(
                unit: flags & 4 == 0 ? .kilogramsPerLiter : .molesPerLiter,
                concentration: concentration, type: kind & 15, location: kind >> 4)
        }
        status = flags & 8 == 0 ? nil : Status(rawValue: try cursor.uint16(value, "status"))
        contextFollows = flags & 16 != 0
        unknownFlags = flags & 0b1110_0000
    }
}
