/// A part of the day by the wall clock, such as 10:00-22:00; it may go past midnight.
///
/// The start belongs to it, the end does not: 10:00-22:00 ends with 21:59:59. 22:00-02:00 begins
/// in the evening and goes on to the next morning; the part after midnight belongs to the day on
/// which the range began.
public struct HourRange: Hashable, Sendable {
    /// Minutes since midnight at which it begins, 0 to 1439.
    public let start: Int
    /// Minutes since midnight at which it ends, 1 to 1440; not after `start` when it goes past
    /// midnight.
    public let end: Int

    /// Makes a range; nil when a value is out of range or both are the same.
    public init?(start: Int, end: Int) {
        guard (0..<1440).contains(start), (1...1440).contains(end), start != end else {
            return nil
        }
        self.start = start
        self.end = end
    }

    /// Reads `HH:MM-HH:MM`; an end of 00:00 is the midnight after, 24:00.
    ///
    /// - Returns: nil for another form, for times that are not, and for a range without length.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 11, bytes[5] == UInt8(ascii: "-"),
            let start = HourRange.minutes(bytes[0..<5]), let end = HourRange.minutes(bytes[6..<11])
        else { return nil }
        self.init(start: start, end: end == 0 ? 1440 : end)
    }

    /// Whether it goes past midnight.
    public var crossesMidnight: Bool { end <= start }

    /// Whether a minute is in the part that lies on the day on which the range begins.
    func holdsOnFirstDay(_ minute: Int) -> Bool {
        minute >= start && (crossesMidnight || minute < end)
    }

    /// Whether a minute is in the part that lies on the day after.
    func holdsOnSecondDay(_ minute: Int) -> Bool {
        crossesMidnight && minute < end
    }

    /// Minutes since midnight of the five bytes `HH:MM`.
    private static func minutes(_ text: ArraySlice<UInt8>) -> Int? {
        let first = text.startIndex
        guard text[first + 2] == UInt8(ascii: ":"), let hour = decimal(text[first..<(first + 2)]),
            let minute = decimal(text[(first + 3)..<(first + 5)]),
            minute < 60, hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return hour * 60 + minute
    }
}

extension HourRange: CustomStringConvertible {
    /// `HH:MM-HH:MM`.
    public var description: String { "\(clockText(start))-\(clockText(end))" }
}

/// A set of ISO weekdays: Monday 1 to Sunday 7.
public struct Weekdays: Hashable, Sendable {
    private let bits: UInt8

    /// Every day.
    public static let all = Weekdays(1...7)

    /// Makes a set; numbers that are no weekday are dropped.
    public init(_ days: some Sequence<Int>) {
        bits = days.reduce(0) { (1...7).contains($1) ? $0 | 1 << UInt8($1) : $0 }
    }

    /// Whether a day is in the set.
    public func contains(_ day: Int) -> Bool {
        (1...7).contains(day) && bits & 1 << UInt8(day) != 0
    }

    /// The days in order.
    public var days: [Int] { (1...7).filter(contains) }
}
