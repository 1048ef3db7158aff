import Campaigns
import Testing

/// A schedule in few words.
func schedule(
    from: String? = nil, to: String? = nil, days: [Int] = Array(1...7), hours: [String] = [],
    onTheHour: Int? = nil
) -> Schedule {
    Schedule(
        from: from.flatMap { CivilDate($0) }, to: to.flatMap { CivilDate($0) },
        weekdays: Weekdays(days), hours: hours.compactMap { HourRange($0) },
        minutesOnTheHour: onTheHour)
}

@Suite("A schedule is open when people who read it expect it to be")
struct ScheduleTests {
    @Test(
        "hours: the start belongs to them, the end does not",
        arguments: [
            ("09:59", false), ("10:00", true), ("21:59", true), ("22:00", false), ("00:00", false),
        ])
    func hours(clock: String, isOpen: Bool) {
        let rule = schedule(hours: ["10:00-22:00"])
        #expect(rule.isOpen(at: wall("2026-11-22 " + clock)) == isOpen)
    }

    @Test(
        "past midnight: Friday's night is Saturday's small hours, and Friday's are Thursday's",
        arguments: [
            ("2026-11-20 00:30", false), ("2026-11-20 21:59", false), ("2026-11-20 22:00", true),
            ("2026-11-20 23:59", true), ("2026-11-21 00:00", true), ("2026-11-21 01:59", true),
            ("2026-11-21 02:00", false), ("2026-11-21 22:00", false),
        ])
    func friday(time: String, isOpen: Bool) {
        let rule = schedule(days: [5], hours: ["22:00-02:00"])
        #expect(rule.isOpen(at: wall(time)) == isOpen)
    }

    @Test(
        "past midnight: the last night runs to its end, and none begins before the first day",
        arguments: [
            ("2026-12-30 22:30", false), ("2026-12-31 00:30", false), ("2026-12-31 22:30", true),
            ("2027-01-01 01:59", true), ("2027-01-01 02:00", false), ("2027-01-01 22:30", false),
        ])
    func lastNight(time: String, isOpen: Bool) {
        let rule = schedule(from: "2026-12-31", to: "2026-12-31", hours: ["22:00-02:00"])
        #expect(rule.isOpen(at: wall(time)) == isOpen)
    }

    @Test(
        "on the full hour: its first minutes, within the hours",
        arguments: [
            ("13:59", false), ("14:00", true), ("14:04", true), ("14:05", false), ("10:00", true),
            ("22:00", false), ("09:00", false),
        ])
    func fullHour(clock: String, isOpen: Bool) {
        let rule = schedule(
            hours: ["10:00-22:00"], onTheHour: Schedule.usualMinutesOnTheHour)
        #expect(rule.isOpen(at: wall("2026-11-22 " + clock)) == isOpen)
    }

    @Test("both end days count, and the leap day is a day")
    func dates() {
        let rule = schedule(from: "2028-02-29", to: "2028-03-01")
        #expect(!rule.isOpen(at: wall("2028-02-28 23:59")))
        #expect(rule.isOpen(at: wall("2028-02-29 00:00")))
        #expect(rule.isOpen(at: wall("2028-03-01 23:59")))
        #expect(!rule.isOpen(at: wall("2028-03-02 00:00")))
    }

    @Test("the reason why it is closed")
    func reasons() {
        let rule = schedule(
            from: "2026-11-02", to: "2026-12-31", days: [6, 7], hours: ["10:00-22:00"],
            onTheHour: 5)
        let cases: [(String, String)] = [
            ("2026-11-01 12:00", "begins on 2026-11-02"),
            ("2027-01-01 12:00", "ended on 2026-12-31"),
            ("2026-11-20 12:00", "runs only on Sat, Sun"),
            ("2026-11-22 09:00", "runs only 10:00-22:00"),
            ("2026-11-22 12:05", "runs only in the first 5 min of each hour"),
        ]
        for (time, reason) in cases {
            #expect(rule.obstacle(at: wall(time))?.description == reason)
        }
        #expect(rule.obstacle(at: wall("2026-11-22 12:04")) == nil)
    }

    @Test(
        "ranges of hours and their text",
        arguments: [
            ("10:00-22:00", 600, 1320), ("22:00-02:00", 1320, 120), ("22:00-00:00", 1320, 1440),
            ("00:00-24:00", 0, 1440), ("00:00-00:00", 0, 1440), ("23:59-00:01", 1439, 1),
        ])
    func ranges(text: String, start: Int, end: Int) throws {
        let range = try #require(HourRange(text))
        #expect(range.start == start && range.end == end)
        #expect(HourRange(range.description) == range)
    }

    @Test(
        "what is no range is nil",
        arguments: [
            "10:00", "10:00-10:00", "9:00-10:00", "10:00-25:00", "24:00-02:00", "10:60-11:00",
            "10:00–22:00", "10:00-22:00-23:00", "", "-", "10.00-22.00", "10:00 - 22:00",
            "24:01-25:00", "10:00-24:01",
        ])
    func noRanges(text: String) {
        #expect(HourRange(text) == nil)
    }

    @Test("no rule for hours agrees with one that looks at every minute of the night before")
    func againstNaive() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix(seed)
            let rule = randomSchedule(&random)
            for _ in 0..<200 {
                let moment = utc("2026-11-01 00:00") + Int64(random.below(40 * 1440)) * 60
                let time = local(moment, Clock.shanghai)
                #expect(rule.isOpen(at: time) == naiveIsOpen(rule, time), "seed \(seed) \(time)")
            }
        }
    }

    /// By listing every open minute of the last two days, as a person would with a pencil.
    private func naiveIsOpen(_ rule: Schedule, _ time: LocalTime) -> Bool {
        for back in 0...1 as ClosedRange<Int32> {
            let day = time.date.adding(days: -back)
            if let from = rule.from, day < from { continue }
            if let to = rule.to, day > to { continue }
            guard rule.weekdays.days.contains(day.weekday) else { continue }
            let minute = time.minuteOfDay + Int(back) * 1440
            let spans = rule.hours.map { ($0.start, $0.end > $0.start ? $0.end : $0.end + 1440) }
            for (start, end) in spans.isEmpty ? [(0, 1440)] : spans
            where minute >= start && minute < end {
                return rule.minutesOnTheHour.map { time.minuteOfDay % 60 < $0 } ?? true
            }
        }
        return false
    }
}

/// A schedule around November 2026 with any mix of rules.
func randomSchedule(_ random: inout SplitMix) -> Schedule {
    var rule = Schedule()
    let first = (CivilDate("2026-11-01")?.dayNumber ?? 0) + Int32(random.below(25))
    if random.one(in: 2) { rule.from = CivilDate(dayNumber: first) }
    if random.one(in: 2) { rule.to = CivilDate(dayNumber: first + Int32(random.below(10))) }
    if random.one(in: 2) { rule.weekdays = Weekdays((1...7).filter { _ in random.one(in: 2) }) }
    for _ in 0..<random.below(3) {
        let range = HourRange(start: random.below(1440), end: 1 + random.below(1440))
        rule.hours += range.map { [$0] } ?? []
    }
    if random.one(in: 3) { rule.minutesOnTheHour = 1 + random.below(60) }
    return rule
}
