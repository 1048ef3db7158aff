/// The time a device keeps (Current Time, 2A2B), read from it and written to it.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 7 | date and time, local |
/// | 7 | 1 | day of week, Monday 1 to Sunday 7, 0 = unknown |
/// | 8 | 1 | 1/256 s |
/// | 9 | 1 | why the time was last changed |
public struct CurrentTime: Hashable, Sendable {
    /// Why a device changed its time.
    public struct Reasons: OptionSet, Hashable, Sendable {
        /// The eight bits of the field.
        public let rawValue: UInt8

        /// Makes reasons from the field's bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Its user set it.
        public static let manual = Reasons(rawValue: 1 << 0)
        /// Another clock was followed.
        public static let external = Reasons(rawValue: 1 << 1)
        /// The time zone changed.
        public static let timeZone = Reasons(rawValue: 1 << 2)
        /// Daylight saving time began or ended.
        public static let daylightSaving = Reasons(rawValue: 1 << 3)
    }

    /// Date and time, local.
    public let time: DateTime
    /// Monday 1 to Sunday 7; 0 when the device does not know.
    public let weekday: UInt8
    /// 1/256 s.
    public let fractions: UInt8
    /// Why the time was last changed.
    public let reasons: Reasons

    /// Makes a time to write.
    public init(time: DateTime, weekday: UInt8, fractions: UInt8, reasons: Reasons) {
        self.time = time
        self.weekday = weekday
        self.fractions = fractions
        self.reasons = reasons
    }

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than ten bytes, and for a date or a weekday that no
    ///   calendar has.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        time = try DateTime(value)
        _ = try cursor.skip(7, value, "date and time")
        weekday = try cursor.uint8(value, "day of week")
        guard weekday <= 7 else {
            throw .invalid("the day of week is not within 1 to 7", at: 7)
        }
        fractions = try cursor.uint8(value, "fractions of a second")
        reasons = Reasons(rawValue: try cursor.uint8(value, "adjust reason"))
    }

    /// The ten bytes to write.
    public var bytes: [UInt8] { time.bytes + [weekday, fractions, reasons.rawValue] }
}

/// A device's time zone (Local Time Information, 2A0F), read from it and written to it.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | offset from UTC in quarters of an hour, −48 to 56, −128 = unknown |
/// | 1 | 1 | daylight saving: 0 none, 2 half an hour, 4 one hour, 8 two hours, ff = unknown |
public struct LocalTimeInformation: Hashable, Sendable {
    /// Quarters of an hour that standard time is ahead of UTC; nil when not known.
    public let quarterHours: Int8?
    /// Quarters of an hour that daylight saving adds (0, 2, 4 or 8); nil when not known.
    public let daylightSaving: UInt8?

    /// Makes a time zone to write.
    public init(quarterHours: Int8?, daylightSaving: UInt8?) {
        self.quarterHours = quarterHours
        self.daylightSaving = daylightSaving
    }

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than two bytes or numbers the characteristic reserves.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let zone = Int8(bitPattern: try cursor.uint8(value, "time zone"))
        let saving = try cursor.uint8(value, "daylight saving")
        guard zone == -128 || (-48...56).contains(zone) else {
            throw .invalid("the time zone is not within −48 to 56 quarters of an hour", at: 0)
        }
        guard [0, 2, 4, 8, 0xff].contains(saving) else {
            throw .invalid("daylight saving is none of 0, 2, 4 and 8", at: 1)
        }
        quarterHours = zone == -128 ? nil : zone
        daylightSaving = saving == 0xff ? nil : saving
    }

    /// The two bytes to write.
    public var bytes: [UInt8] {
        [UInt8(bitPattern: quarterHours ?? -128), daylightSaving ?? 0xff]
    }
}
