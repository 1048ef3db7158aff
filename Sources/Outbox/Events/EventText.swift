/// The few text forms that a CloudEvent needs, written straight into bytes.
extension [UInt8] {
    /// Appends text as it is.
    mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends a JSON string with its quotes (RFC 8259, §7).
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append(text: "\\\"")
            case UInt8(ascii: "\\"): append(text: "\\\\")
            case 0x0a: append(text: "\\n")
            case 0x0d: append(text: "\\r")
            case 0x09: append(text: "\\t")
            case 0..<0x20:
                append(text: byte < 0x10 ? "\\u000" : "\\u001")
                let digit = byte & 0x0f
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends a JSON value that may hold line breaks between its tokens; they become spaces.
    ///
    /// Valid JSON has raw line breaks nowhere else, and one event is one line of a file.
    mutating func append(jsonOnOneLine value: [UInt8]) {
        guard value.contains(where: { $0 == 0x0a || $0 == 0x0d }) else {
            append(contentsOf: value)
            return
        }
        append(contentsOf: value.lazy.map { $0 == 0x0a || $0 == 0x0d ? 0x20 : $0 })
    }

    /// Appends a number with zeros in front, `digits` in all.
    mutating func append(_ number: Int64, digits: Int) {
        let text = String(number.magnitude)
        if text.utf8.count < digits {
            append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits - text.utf8.count))
        }
        append(text: text)
    }

    /// Appends `2026-11-22T14:03:07.123+08:00` (RFC 3339, §5.6), in milliseconds rounded down.
    ///
    /// Any Int64 of nanoseconds lies between the years 1677 and 2262. An offset beyond 23:59 is
    /// no offset of any place and is written as UTC; seconds of an offset are cut off, as RFC 3339
    /// has minutes only, and the clock time is adjusted to match.
    mutating func append(rfc3339 time: EventTime) {
        let offset = (-86_399...86_399).contains(time.utcOffset) ? time.utcOffset / 60 : 0
        let milliseconds = time.unixNanoseconds.floorDivided(by: 1_000_000).quotient
        let local = milliseconds + Int64(offset) * 60_000
        let (day, ofDay) = local.floorDivided(by: 86_400_000)
        let date = CivilDate(daysSince1970: day)
        append(date.year, digits: 4)
        append(UInt8(ascii: "-"))
        append(date.month, digits: 2)
        append(UInt8(ascii: "-"))
        append(date.day, digits: 2)
        append(UInt8(ascii: "T"))
        append(ofDay / 3_600_000, digits: 2)
        append(UInt8(ascii: ":"))
        append(ofDay / 60_000 % 60, digits: 2)
        append(UInt8(ascii: ":"))
        append(ofDay / 1_000 % 60, digits: 2)
        append(UInt8(ascii: "."))
        append(ofDay % 1_000, digits: 3)
        append(UInt8(ascii: offset < 0 ? "-" : "+"))
        append(Int64(abs(offset) / 60), digits: 2)
        append(UInt8(ascii: ":"))
        append(Int64(abs(offset) % 60), digits: 2)
    }
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64

    /// Counts in years that begin in March, so the leap day is the last day of a year, and in
    /// eras of 400 years, which all have 146,097 days.
    init(daysSince1970 days: Int64) {
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        let (era, ofEra) = (days + 719_468).floorDivided(by: 146_097)
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let dayOfYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Months of 31, 30, 31, 30, 31 days repeat from March on: 153 days for five months.
        let fromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Int64 {
    /// Quotient and remainder with the remainder never negative; the divisor is positive.
    func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
