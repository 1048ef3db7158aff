/// A date and time of day as a device keeps it (Date Time, 2A08): no time zone, parts may be
/// unknown.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 2 | year 1582–9999, 0 = unknown |
/// | 2 | 1 | month 1–12, 0 = unknown |
/// | 3 | 1 | day 1–31, 0 = unknown |
/// | 4 | 1 | hours 0–23 |
/// | 5 | 1 | minutes 0–59 |
/// | 6 | 1 | seconds 0–59 |
///
/// The parts are kept as they came, in or out of range, because a measurement with a broken clock
/// is still a measurement; `isValid` tells.
public struct DateTime: Hashable, Sendable {
    /// 1582 to 9999; 0 when the device does not know it.
    public let year: UInt16
    /// 1 to 12; 0 when the device does not know it.
    public let month: UInt8
    /// 1 to 31; 0 when the device does not know it.
    public let day: UInt8
    /// 0 to 23.
    public let hour: UInt8
    /// 0 to 59.
    public let minute: UInt8
    /// 0 to 59.
    public let second: UInt8

    /// Makes a time from its parts; 0 for an unknown year, month or day.
    public init(
        year: UInt16, month: UInt8, day: UInt8, hour: UInt8, minute: UInt8, second: UInt8
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// Reads the value of a Date Time characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than seven bytes or parts that no calendar has.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        self = try cursor.dateTime(value, "date and time")
        if let fault = fault { throw fault }
    }

    /// Whether every part is one that a calendar has, or is unknown.
    public var isValid: Bool { fault == nil }

    /// Whether year, month and day are all known.
    public var isComplete: Bool { year != 0 && month != 0 && day != 0 }

    /// `2018-04-17`; nil unless the date is complete and valid.
    public var date: String? {
        guard isComplete, isValid else { return nil }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// `2018-04-17T15:51:00`; nil unless the date is complete and valid.
    public var iso8601: String? {
        date.map { "\($0)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
    }

    /// The seven bytes of the characteristic.
    public var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: year), UInt8(truncatingIfNeeded: year >> 8), month, day, hour,
            minute, second,
        ]
    }

    private var fault: MalformedValue? {
        if year != 0, !(1582...9999).contains(year) {
            return .invalid("the year is not within 1582 to 9999", at: 0)
        }
        if month > 12 { return .invalid("the month is not within 1 to 12", at: 2) }
        if day > daysInMonth { return .invalid("the month does not have that day", at: 3) }
        if hour > 23 { return .invalid("the hour is not within 0 to 23", at: 4) }
        if minute > 59 { return .invalid("the minute is not within 0 to 59", at: 5) }
        return second > 59 ? .invalid("the second is not within 0 to 59", at: 6) : nil
    }

    /// The days of the month; the most it may have where year or month is unknown.
    private var daysInMonth: UInt8 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year == 0 || isLeapYear ? 29 : 28
        default: 31
        }
    }

    private var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
}

extension DateTime {
    /// The time `minutes` later (or earlier, when negative).
    ///
    /// - Returns: nil unless the date is complete and valid, before and after.
    public func adding(minutes: Int16) -> DateTime? {
        guard isComplete, isValid else { return nil }
        var total = Int(hour) * 60 + Int(minute) + Int(minutes)
        var (year, month, day) = (Int(year), Int(month), Int(day))
        // At most 23 days either way: an Int16 of minutes is 22.8 days.
        while total < 0 {
            total += 1440
            day -= 1
            if day < 1 {
                month -= 1
                if month < 1 { (year, month) = (year - 1, 12) }
                day = Int(Self.days(year, month))
            }
        }
        while total >= 1440 {
            total -= 1440
            day += 1
            if day > Int(Self.days(year, month)) {
                (month, day) = (month + 1, 1)
                if month > 12 { (year, month) = (year + 1, 1) }
            }
        }
        let result = DateTime(
            year: UInt16(truncatingIfNeeded: year), month: UInt8(truncatingIfNeeded: month),
            day: UInt8(truncatingIfNeeded: day), hour: UInt8(truncatingIfNeeded: total / 60),
            minute: UInt8(truncatingIfNeeded: total % 60), second: second)
        return result.isValid ? result : nil
    }

    private static func days(_ year: Int, _ month: Int) -> UInt8 {
        DateTime(
            year: UInt16(truncatingIfNeeded: year), month: UInt8(truncatingIfNeeded: month), day: 1,
            hour: 0, minute: 0, second: 0
        ).daysInMonth
    }
}
