import Campaigns
import Testing

@Suite("The calendar is right for every day")
struct CivilDateTests {
    @Test("500,000 days follow each other and come back from their parts")
    func days() {
        var wrong: [Int32] = []
        var previous = CivilDate(dayNumber: -200_001).components
        for number in Int32(-200_000)...300_000 {
            let parts = CivilDate(dayNumber: number).components
            let isNext =
                parts == (previous.year, previous.month, previous.day + 1)
                || parts == (previous.year, previous.month + 1, 1)
                || parts == (previous.year + 1, 1, 1) && previous.month == 12
            let back = CivilDate(year: parts.year, month: parts.month, day: parts.day)
            if !isNext || back?.dayNumber != number { wrong.append(number) }
            previous = parts
        }
        #expect(wrong.isEmpty)
    }

    @Test(
        "known days",
        arguments: [
            ("1970-01-01", 0, 4), ("2026-11-22", 20_779, 7), ("2024-02-29", 19_782, 4),
            ("2000-02-29", 11_016, 2), ("1900-03-01", -25_508, 4), ("9999-12-31", 2_932_896, 5),
            ("0001-01-01", -719_162, 1),
        ] as [(String, Int32, Int)])
    func known(text: String, number: Int32, weekday: Int) throws {
        let date = try #require(CivilDate(text))
        #expect(date.dayNumber == number)
        #expect(date.weekday == weekday)
        #expect(date.description == text)
    }

    @Test(
        "what is no day is nil",
        arguments: [
            "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-01",
            "2026-01-1", "26-01-01", "2026/01/01", "2026-01-00", "0000-01-01", "", "2026-01-01 ",
            "+026-01-01", "２０２６-01-01",
        ])
    func none(text: String) {
        #expect(CivilDate(text) == nil)
    }
}

@Suite("Local time is Unix time and an offset")
struct LocalTimeTests {
    @Test(
        "clocks of the world",
        arguments: [
            (0, 0, "1970-01-01 00:00:00"), (-1, 0, "1969-12-31 23:59:59"),
            (1_795_305_600, 28_800, "2026-11-22 08:00:00"),
            (1_798_675_199, 3_600, "2026-12-31 00:59:59"),
            (1_798_761_600, -18_000, "2026-12-31 19:00:00"),
            (1_798_761_600, 20_700, "2027-01-01 05:45:00"),
        ] as [(Int64, Int32, String)])
    func clocks(moment: Int64, offset: Int32, text: String) {
        #expect(LocalTime(unixSeconds: moment, utcOffset: offset).description == text)
    }

    @Test("moments beyond the calendar are its ends")
    func extremes() {
        for offset in [Int32.min, -86_399, 0, 86_399, Int32.max] {
            let first = LocalTime(unixSeconds: .min, utcOffset: offset)
            let last = LocalTime(unixSeconds: .max, utcOffset: offset)
            #expect((1...2).contains(first.date.components.year) || first.date.components.year == 1)
            #expect(last.date.components.year == 9999)
        }
    }

    @Test("Berlin's clocks skip an hour in spring and repeat one in autumn")
    func berlin() {
        #expect(local(utc("2026-03-29 00:59"), Clock.berlin) == wall("2026-03-29 01:59"))
        #expect(local(utc("2026-03-29 01:00"), Clock.berlin) == wall("2026-03-29 03:00"))
        #expect(local(utc("2026-10-25 00:30"), Clock.berlin) == wall("2026-10-25 02:30"))
        #expect(local(utc("2026-10-25 01:30"), Clock.berlin) == wall("2026-10-25 02:30"))
    }
}
