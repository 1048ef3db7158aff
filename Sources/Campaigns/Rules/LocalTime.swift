/// A moment as the clock on the shop's wall shows it.
///
/// Made from Unix time and the offset of the shop's time zone at that moment; which offset that
/// is, is the caller's knowledge. No clock is read here.
public struct LocalTime: Hashable, Sendable {
    /// The offset of local time from UTC in seconds at a Unix time, east positive.
    public typealias OffsetRule = (_ unixSeconds: Int64) -> Int32

    /// The day.
    public let date: CivilDate
    /// Minutes since midnight by the wall clock, 0 to 1439.
    public let minuteOfDay: Int
    /// Seconds of the minute, 0 to 59.
    public let second: Int

    /// Makes a local time; moments before year 1 or after year 9999 count as the first or last.
    public init(unixSeconds: Int64, utcOffset: Int32) {
        // Unix seconds of 0001-01-02 and of 9999-12-31T00:00:00Z: a day inside, for the offset.
        let moment = min(max(unixSeconds, -62_135_510_400), 253_402_214_400)
        let offset = min(max(utcOffset, -86_399), 86_399)
        let seconds = Int(moment) + Int(offset)
        let day = floorDivide(seconds, 86_400)
        let secondOfDay = seconds - day * 86_400
        date = CivilDate(dayNumber: Int32(truncatingIfNeeded: day))
        minuteOfDay = secondOfDay / 60
        second = secondOfDay % 60
    }

    /// Makes a local time from a date and the wall clock; values out of range are clamped.
    public init(_ date: CivilDate, hour: Int, minute: Int, second: Int = 0) {
        self.date = date
        minuteOfDay = min(max(hour, 0), 23) * 60 + min(max(minute, 0), 59)
        self.second = min(max(second, 0), 59)
    }

    /// Minutes past the full hour, 0 to 59.
    public var minuteOfHour: Int { minuteOfDay % 60 }
}

extension LocalTime: CustomStringConvertible {
    /// `YYYY-MM-DD HH:MM:SS`.
    public var description: String {
        "\(date) \(clockText(minuteOfDay)):\(padded(second, 2))"
    }
}

/// `HH:MM` of minutes since midnight.
func clockText(_ minutes: Int) -> String {
    "\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
}
