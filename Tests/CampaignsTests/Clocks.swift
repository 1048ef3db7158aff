import Campaigns

/// Wall clocks of the real world, by their rules for the years the tests use.
enum Clock {
    /// Europe/Berlin in 2026: +1:00, and +2:00 from the last Sunday of March to the last of
    /// October, both at 01:00 UTC.
    static func berlin(_ moment: Int64) -> Int32 {
        moment >= berlinSpring && moment < berlinAutumn ? 7_200 : 3_600
    }

    private static let berlinSpring = utc("2026-03-29 01:00")
    private static let berlinAutumn = utc("2026-10-25 01:00")

    /// Asia/Shanghai: +8:00.
    static func shanghai(_: Int64) -> Int32 { 28_800 }

    /// Africa/Cairo in 2026: +2:00, and +3:00 from the last Friday of April, when the clocks go
    /// from 00:00 to 01:00 and the day has no midnight, to the end of October's last Thursday.
    static func cairo(_ moment: Int64) -> Int32 {
        moment >= cairoSpring && moment < cairoAutumn ? 10_800 : 7_200
    }

    private static let cairoSpring = utc("2026-04-23 22:00")
    private static let cairoAutumn = utc("2026-10-29 21:00")
}

/// The local time at a Unix time.
func local(_ moment: Int64, _ clock: LocalTime.OffsetRule) -> LocalTime {
    LocalTime(unixSeconds: moment, utcOffset: clock(moment))
}

/// Unix seconds of a UTC date and time `YYYY-MM-DD HH:MM`.
func utc(_ text: String) -> Int64 {
    let time = wall(text)
    return Int64(time.date.dayNumber) * 86_400 + Int64(time.minuteOfDay) * 60
}

/// A wall-clock time `YYYY-MM-DD HH:MM`.
func wall(_ text: String) -> LocalTime {
    let parts = text.split(separator: " ")
    let clock = parts[1].split(separator: ":").compactMap { Int($0) }
    let date = CivilDate(String(parts[0])) ?? CivilDate(dayNumber: 0)
    return LocalTime(date, hour: clock[0], minute: clock[1])
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func one(in count: Int) -> Bool { below(count) == 0 }
}
