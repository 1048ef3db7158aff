/// A day of the Gregorian calendar, without time or zone.
public struct CivilDate: Hashable, Sendable {
    /// Days since 1970-01-01.
    public let dayNumber: Int32

    /// Makes a date from days since 1970-01-01.
    public init(dayNumber: Int32) {
        self.dayNumber = dayNumber
    }

    /// Makes a date; nil when there is no such day. Years go from 1 to 9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.days(in: month, of: year)
        else { return nil }
        // Years are counted from March, so that the leap day is the last of its year; the months
        // from March on then begin on day (153 m + 2) / 5. 719,468 days lie between 0000-03-01
        // and 1970-01-01.
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear
        dayNumber = Int32(truncatingIfNeeded: days - 719_468)
    }

    /// Reads `YYYY-MM-DD` (RFC 3339 full-date); nil for anything else and for days that are not.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]),
            let day = decimal(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Year, month 1 to 12 and day 1 to 31.
    public var components: (year: Int, month: Int, day: Int) {
        // The inverse of the above, by 400-year cycles of 146,097 days.
        let days = Int(dayNumber) + 719_468
        let cycle = floorDivide(days, 146_097)
        let dayOfCycle = days - cycle * 146_097
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// The ISO weekday: Monday 1 to Sunday 7. 1970-01-01 was a Thursday.
    public var weekday: Int {
        let sinceMonday = Int(dayNumber) + 3
        return sinceMonday - floorDivide(sinceMonday, 7) * 7 + 1
    }

    /// The day some days later, or earlier.
    public func adding(days: Int32) -> CivilDate {
        CivilDate(dayNumber: dayNumber &+ days)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilDate: Comparable, CustomStringConvertible {
    /// Orders by time.
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        left.dayNumber < right.dayNumber
    }

    /// `YYYY-MM-DD`.
    public var description: String {
        let (year, month, day) = components
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

/// Division that rounds down, also below zero.
func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

/// The value of digits and nothing else; nil otherwise.
func decimal(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

/// Decimal digits, at least so many.
func padded(_ value: Int, _ count: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
}
