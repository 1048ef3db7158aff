/// A blood pressure measurement (Blood Pressure Measurement, 2A35) or a reading while the cuff
/// fills (Intermediate Cuff Pressure, 2A36).
///
/// All fields little-endian, in this order, present as the flags say:
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 0: kPa instead of mmHg | – |
/// | 2 | systolic pressure, or the cuff's in 2A36, SFLOAT | – |
/// | 2 | diastolic pressure, SFLOAT; not used in 2A36 | – |
/// | 2 | mean arterial pressure, SFLOAT; not used in 2A36 | – |
/// | 7 | date and time | 1 |
/// | 2 | pulse rate, SFLOAT, beats per minute | 2 |
/// | 1 | user, ff = unknown | 3 |
/// | 2 | status | 4 |
public struct BloodPressure: Hashable, Sendable {
    /// What the pressures are counted in.
    public enum Unit: Sendable {
        /// Millimetres of mercury, UCUM `mm[Hg]`.
        case millimetersOfMercury
        /// Kilopascals, UCUM `kPa`.
        case kilopascals
    }

    /// What the device noticed while measuring.
    public struct Status: OptionSet, Hashable, Sendable {
        /// The 16 bits of the field.
        public let rawValue: UInt16

        /// Makes a status from the field's bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The body moved.
        public static let bodyMovement = Status(rawValue: 1 << 0)
        /// The cuff is too loose.
        public static let cuffTooLoose = Status(rawValue: 1 << 1)
        /// The pulse was irregular.
        public static let irregularPulse = Status(rawValue: 1 << 2)
        /// The pulse rate was above the upper limit (bits 3–4 read 1).
        public static let pulseRateHigh = Status(rawValue: 1 << 3)
        /// The pulse rate was below the lower limit (bits 3–4 read 2).
        public static let pulseRateLow = Status(rawValue: 1 << 4)
        /// The cuff was not at the height of the heart.
        public static let improperPosition = Status(rawValue: 1 << 5)

        /// Whether bits 3–4, which are one number, read 3: that is reserved, and says nothing about the
        /// pulse rate.
        public var isPulseRangeReserved: Bool {
            isSuperset(of: [.pulseRateHigh, .pulseRateLow])
        }

        /// The same without the bits of the pulse rate's range where they are reserved.
        var meaningful: Status {
            isPulseRangeReserved ? subtracting([.pulseRateHigh, .pulseRateLow]) : self
        }
    }

    /// What the pressures are counted in.
    public let unit: Unit
    /// Systolic pressure; in 2A36 the present pressure of the cuff.
    public let systolic: MedicalFloat
    /// Diastolic pressure; without meaning in 2A36.
    public let diastolic: MedicalFloat
    /// Mean arterial pressure; without meaning in 2A36.
    public let meanArterial: MedicalFloat
    /// When it was measured, by the device's clock.
    public let time: DateTime?
    /// Beats per minute.
    public let pulseRate: MedicalFloat?
    /// Which of the device's users; 255 when the device does not know.
    public let user: UInt8?
    /// What the device noticed.
    public let status: Status?
    /// Flags set that this version does not know; what they announce follows the known fields.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        unit = flags & 1 == 0 ? .millimetersOfMercury : .kilopascals
        systolic = try cursor.sfloat(value, "systolic pressure")
        diastolic = try cursor.sfloat(value, "diastolic pressure")
        meanArterial = try cursor.sfloat(value, "mean arterial pressure")
        time = flags & 2 == 0 ? nil : try cursor.dateTime(value, "time")
        pulseRate = flags & 4 == 0 ? nil : try cursor.sfloat(value, "pulse rate")
        user = flags & 8 == 0 ? nil : try cursor.uint8(value, "user")
        status = flags & 16 == 0 ? nil : Status(rawValue: try cursor.uint16(value, "status"))
        unknownFlags = flags & 0b1110_0000
    }
}

/// What a blood pressure monitor can notice (Blood Pressure Feature, 2A49): 16 bits,
/// little-endian.
public struct BloodPressureFeature: OptionSet, Hashable, Sendable {
    /// The 16 bits of the value.
    public let rawValue: UInt16

    /// Makes a feature set from its bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Notices movement of the body.
    public static let bodyMovement = BloodPressureFeature(rawValue: 1 << 0)
    /// Notices a loose cuff.
    public static let cuffFit = BloodPressureFeature(rawValue: 1 << 1)
    /// Notices an irregular pulse.
    public static let irregularPulse = BloodPressureFeature(rawValue: 1 << 2)
    /// Notices a pulse rate out of range.
    public static let pulseRateRange = BloodPressureFeature(rawValue: 1 << 3)
    /// Notices a wrong height of the cuff.
    public static let measurementPosition = BloodPressureFeature(rawValue: 1 << 4)
    /// Keeps more than one bond.
    public static let multipleBonds = BloodPressureFeature(rawValue: 1 << 5)

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than two bytes.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        self.init(rawValue: try cursor.uint16(value, "features"))
    }
}
