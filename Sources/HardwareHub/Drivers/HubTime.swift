internal import BeaconScanner

extension DeviceClock {
    /// Seconds of the hub's local time since 1970-01-01 00:00 local time.
    var localSeconds: Int64 { unixSeconds &+ Int64(utcOffset) }

    /// The hub's local day, counted from 1970-01-01.
    var localDay: Int32 { Int32(clamping: HubDay.quotient(localSeconds, 86_400)) }

    /// Seconds since the hub's local midnight.
    var secondOfDay: Int64 { localSeconds &- HubDay.quotient(localSeconds, 86_400) &* 86_400 }

    /// The hub's local time; nil outside the years 1582 to 9999.
    var localTime: DateTime? {
        guard let date = HubDay.date(localDay) else { return nil }
        let time = DateTime(
            year: date.year, month: date.month, day: date.day,
            hour: UInt8(truncatingIfNeeded: secondOfDay / 3600),
            minute: UInt8(truncatingIfNeeded: secondOfDay / 60 % 60),
            second: UInt8(truncatingIfNeeded: secondOfDay % 60))
        return time.isValid ? time : nil
    }

    /// The day of the week of the hub's local time, Monday 1: 1970-01-01 was a Thursday.
    var weekday: Int64 {
        let day = Int64(localDay) &+ 3
        return day &- HubDay.quotient(day, 7) &* 7 &+ 1
    }

    /// The time so many nanoseconds later on the boot clock.
    func later(by nanoseconds: Int64) -> BootTime {
        BootTime(nanoseconds: boot.nanoseconds &+ nanoseconds)
    }
}

/// Days counted from 1970-01-01, and their dates.
enum HubDay {
    /// The quotient rounded down, also for what lies before 1970.
    static func quotient(_ number: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient &- 1 : quotient
    }

    /// The date of a day in the Gregorian calendar (H. Hinnant, days from civil, inverted); nil
    /// outside the years 1582 to 9999.
    static func date(_ day: Int32) -> DateTime? {
        let shifted = Int64(day) &+ 719_468
        let era = quotient(shifted, 146_097)
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra =
            (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let month = (5 &* dayOfYear &+ 2) / 153
        let civilMonth = month < 10 ? month &+ 3 : month &- 9
        let year = yearOfEra &+ era &* 400 &+ (civilMonth <= 2 ? 1 : 0)
        guard (1582...9999).contains(year) else { return nil }
        let date = DateTime(
            year: UInt16(year), month: UInt8(civilMonth),
            day: UInt8(dayOfYear &- (153 &* month &+ 2) / 5 &+ 1), hour: 0, minute: 0, second: 0)
        return date.isValid ? date : nil
    }

    /// `2026-11-24`; nil outside the years 1582 to 9999.
    static func text(_ day: Int32) -> String? { date(day)?.date }
}
