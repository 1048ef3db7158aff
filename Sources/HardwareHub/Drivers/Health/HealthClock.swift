/// A device's clock (Current Time, 2A2B, or Date Time, 2A08) against the hub's, and what is written to
/// set it.
///
/// Both are local times; neither says in which zone. A clock is set when it is more than 5 s off:
/// both sides count whole seconds, and a write waits for a few connection intervals and repetitions,
/// so a smaller difference may be made by looking at it, and a clock would be set at every visit.
struct HealthClock: Hashable, Sendable {
    /// Differences up to here are left alone, in seconds.
    static let tolerance: Int64 = 5

    /// What the device's clock was ahead when it was read, in seconds; nil as long as it was not, or
    /// when it had no date.
    private(set) var offset: Int64?
    /// Whether it was read, so that it is known to be wrong or right.
    private(set) var wasRead = false
    /// The hub's local time when it was set, in seconds.
    private var setAt: Int64?

    /// What a clock's characteristic says.
    ///
    /// - Throws: `MalformedValue` for a time that no clock shows.
    static func time(of uuid: GATTUUID, _ value: [UInt8]) throws(MalformedValue) -> DateTime {
        uuid == 0x2a08 ? try DateTime(value.span) : try CurrentTime(value.span).time
    }

    /// Takes the time that was read.
    mutating func take(_ time: DateTime, at now: DeviceClock) {
        wasRead = true
        offset = Self.seconds(time).map { $0 &- Self.local(now) }
    }

    /// Takes a value that cannot be right: a clock that was never set.
    mutating func takeUnset() { wasRead = true }

    /// Whether it should be set: the hub knows the time, and the device does not.
    func shouldBeSet(at now: DeviceClock) -> Bool {
        guard wasRead, now.isSynchronized, Self.dateTime(Self.local(now)) != nil else {
            return false
        }
        return offset.map { $0 > Self.tolerance || $0 < -Self.tolerance } ?? true
    }

    /// The bytes that set a clock's characteristic; of Current Time the reason is that another clock is
    /// followed.
    static func bytes(of uuid: GATTUUID, at now: DeviceClock) -> [UInt8]? {
        guard let time = dateTime(local(now)) else { return nil }
        guard uuid != 0x2a08 else { return time.bytes }
        // 1970-01-01 was a Thursday.
        let day = floored(local(now), 86_400)
        let weekday = UInt8(truncatingIfNeeded: day &+ 3 &- floored(day &+ 3, 7) &* 7 &+ 1)
        return CurrentTime(time: time, weekday: weekday, fractions: 0, reasons: .external).bytes
    }

    /// The bytes of the hub's zone (2A0F): what daylight saving adds is not told apart, so it is all
    /// in the zone; nil for an offset that is not whole quarters of an hour.
    static func zoneBytes(at now: DeviceClock) -> [UInt8]? {
        let (quarters, rest) = now.utcOffset.quotientAndRemainder(dividingBy: 900)
        guard rest == 0, (-48...56).contains(quarters) else { return nil }
        return LocalTimeInformation(
            quarterHours: Int8(truncatingIfNeeded: quarters), daylightSaving: 0
        ).bytes
    }

    /// The device has taken what was written.
    mutating func wasSet(at now: DeviceClock) { setAt = Self.local(now) }

    /// What to note down about it; nil when nothing is known.
    var note: DeviceNote? {
        if setAt != nil { return .clock(offset: offset ?? 0, wasSet: true) }
        return offset.map { .clock(offset: $0, wasSet: false) }
    }

    /// What a time of the device is ahead of the hub's.
    ///
    /// A time that is not before the one that the clock was set to was taken by the clock that was
    /// set, and any other by the clock as it was.
    func offset(of time: DateTime) -> Int64? {
        guard let seconds = Self.seconds(time) else { return nil }
        if let setAt, seconds &+ Self.tolerance >= setAt { return 0 }
        return offset
    }

    private static func local(_ now: DeviceClock) -> Int64 {
        now.unixSeconds &+ Int64(now.utcOffset)
    }

    /// The quotient rounded down.
    private static func floored(_ number: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient &- 1 : quotient
    }

    /// Seconds from 1970-01-01 00:00 to a date and time of the same zone; nil for an incomplete or
    /// impossible one.
    static func seconds(_ time: DateTime) -> Int64? {
        guard time.isComplete, time.isValid else { return nil }
        // Years that begin in March, eras of 400 of them (H. Hinnant, days_from_civil).
        let year = Int64(time.year) - (time.month <= 2 ? 1 : 0)
        let era = floored(year, 400)
        let month = (Int64(time.month) + 9) % 12
        let dayOfYear = (153 * month + 2) / 5 + Int64(time.day) - 1
        let yearOfEra = year - era * 400
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + Int64(time.hour) * 3_600 + Int64(time.minute) * 60
            + Int64(time.second)
    }

    /// The inverse of `seconds`; nil outside the years 1582 to 9999.
    static func dateTime(_ seconds: Int64) -> DateTime? {
        // Years 1583 to 9998, so that nothing overflows and every result is valid.
        guard (-12_200_000_000...253_300_000_000).contains(seconds) else { return nil }
        let days = floored(seconds, 86_400)
        let rest = seconds - days * 86_400
        let shifted = days + 719_468
        let era = floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month >= 10
        let time = DateTime(
            year: UInt16(truncatingIfNeeded: yearOfEra + era * 400 + (isNextYear ? 1 : 0)),
            month: UInt8(truncatingIfNeeded: isNextYear ? month - 9 : month + 3),
            day: UInt8(truncatingIfNeeded: dayOfYear - (153 * month + 2) / 5 + 1),
            hour: UInt8(truncatingIfNeeded: rest / 3_600),
            minute: UInt8(truncatingIfNeeded: rest / 60 % 60),
            second: UInt8(truncatingIfNeeded: rest % 60))
        return time.isComplete && time.isValid ? time : nil
    }
}
