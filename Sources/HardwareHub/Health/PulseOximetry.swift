/// A pulse oximeter's single measurement (PLX Spot-Check Measurement, 2A5E).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 4: the device's clock is not set | – |
/// | 2 | oxygen saturation, percent, SFLOAT | – |
/// | 2 | pulse rate, beats per minute, SFLOAT | – |
/// | 7 | date and time | 0 |
/// | 2 | measurement status | 1 |
/// | 3 | device and sensor status | 2 |
/// | 2 | pulse amplitude index, percent, SFLOAT | 3 |
public struct PulseOximetry: Hashable, Sendable {
    /// Oxygen saturation (SpO₂) and pulse rate.
    public struct Reading: Hashable, Sendable {
        /// Percent.
        public let saturation: MedicalFloat
        /// Beats per minute.
        public let pulseRate: MedicalFloat

        /// Reads the four bytes.
        init(_ value: Span<UInt8>, _ cursor: inout ByteCursor) throws(MalformedValue) {
            saturation = try cursor.sfloat(value, "oxygen saturation")
            pulseRate = try cursor.sfloat(value, "pulse rate")
        }
    }

    /// The state of the measurement; the low five bits are reserved.
    public struct Status: OptionSet, Hashable, Sendable {
        /// The 16 bits of the field.
        public let rawValue: UInt16

        /// Makes a status from the field's bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The measurement goes on.
        public static let ongoing = Status(rawValue: 1 << 5)
        /// An early estimate.
        public static let earlyEstimate = Status(rawValue: 1 << 6)
        /// Checked.
        public static let validated = Status(rawValue: 1 << 7)
        /// Fit for use.
        public static let fullyQualified = Status(rawValue: 1 << 8)
        /// From the device's memory.
        public static let fromStorage = Status(rawValue: 1 << 9)
        /// Made up, to show the device.
        public static let demonstration = Status(rawValue: 1 << 10)
        /// Made up, to test the device.
        public static let testing = Status(rawValue: 1 << 11)
        /// The device is calibrating.
        public static let calibrating = Status(rawValue: 1 << 12)
        /// There is no measurement.
        public static let unavailable = Status(rawValue: 1 << 13)
        /// Doubtful.
        public static let questionable = Status(rawValue: 1 << 14)
        /// Not to be used.
        public static let invalid = Status(rawValue: 1 << 15)
    }

    /// Saturation and pulse rate.
    public let reading: Reading
    /// When it was measured, by the device's clock.
    public let time: DateTime?
    /// The state of the measurement.
    public let status: Status?
    /// The 24 bits of the device and sensor status.
    public let sensorStatus: UInt32?
    /// Pulse amplitude index in percent.
    public let amplitudeIndex: MedicalFloat?
    /// Whether the device says its clock is not set, so that `time` means nothing.
    public let clockNotSet: Bool
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        reading = try Reading(value, &cursor)
        time = flags & 1 == 0 ? nil : try cursor.dateTime(value, "time")
        status =
            flags & 2 == 0 ? nil : Status(rawValue: try cursor.uint16(value, "measurement status"))
        sensorStatus = flags & 4 == 0 ? nil : try cursor.uint24(value, "sensor status")
        amplitudeIndex = flags & 8 == 0 ? nil : try cursor.sfloat(value, "pulse amplitude index")
        clockNotSet = flags & 16 != 0
        unknownFlags = flags & 0b1110_0000
    }
}

/// A pulse oximeter's running measurement (PLX Continuous Measurement, 2A5F).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags | – |
/// | 2 + 2 | oxygen saturation and pulse rate, SFLOAT | – |
/// | 2 + 2 | the same, averaged over a short time | 0 |
/// | 2 + 2 | the same, averaged over a long time | 1 |
/// | 2 | measurement status | 2 |
/// | 3 | device and sensor status | 3 |
/// | 2 | pulse amplitude index, percent, SFLOAT | 4 |
public struct ContinuousPulseOximetry: Hashable, Sendable {
    /// Averaged as the device usually does.
    public let normal: PulseOximetry.Reading
    /// Averaged over a short time.
    public let fast: PulseOximetry.Reading?
    /// Averaged over a long time.
    public let slow: PulseOximetry.Reading?
    /// The state of the measurement.
    public let status: PulseOximetry.Status?
    /// The 24 bits of the device and sensor status.
    public let sensorStatus: UInt32?
    /// Pulse amplitude index in percent.
    public let amplitudeIndex: MedicalFloat?
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        normal = try PulseOximetry.Reading(value, &cursor)
        fast = flags & 1 == 0 ? nil : try PulseOximetry.Reading(value, &cursor)
        slow = flags & 2 == 0 ? nil : try PulseOximetry.Reading(value, &cursor)
        status =
            flags & 4 == 0
            ? nil
            : PulseOximetry.Status(rawValue: try cursor.uint16(value, "measurement status"))
        sensorStatus = flags & 8 == 0 ? nil : try cursor.uint24(value, "sensor status")
        amplitudeIndex = flags & 16 == 0 ? nil : try cursor.sfloat(value, "pulse amplitude index")
        unknownFlags = flags & 0b1110_0000
    }
}
