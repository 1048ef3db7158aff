import Campaigns
import Testing

@Suite("The next change is the next minute at which something changes, also when clocks are set")
struct NextChangeTests {
    @Test("an ordinary day in Shanghai")
    func ordinary() {
        let rule = schedule(hours: ["10:00-22:00"])
        let morning = utc("2026-11-22 01:00")  // 09:00
        #expect(rule.nextChange(after: morning, offset: Clock.shanghai) == utc("2026-11-22 02:00"))
        #expect(
            rule.nextChange(after: utc("2026-11-22 02:00"), offset: Clock.shanghai)
                == utc("2026-11-22 14:00"))
    }

    @Test("spring: what should begin in the skipped hour begins with the new time")
    func spring() {
        let rule = schedule(hours: ["02:30-05:00"])
        #expect(
            rule.nextChange(after: utc("2026-03-28 22:00"), offset: Clock.berlin)
                == utc("2026-03-29 01:00"))
        #expect(
            rule.nextChange(after: utc("2026-03-29 01:00"), offset: Clock.berlin)
                == utc("2026-03-29 03:00"))
    }

    @Test("spring: a turn that lies in the skipped hour does not happen")
    func swallowed() {
        let rule = schedule(days: [7], hours: ["02:00-03:00"])
        #expect(
            rule.nextChange(after: utc("2026-03-22 02:00"), offset: Clock.berlin)
                == utc("2026-04-05 00:00"))
    }

    @Test("autumn: the repeated hour happens twice")
    func autumn() {
        let rule = schedule(hours: ["02:00-02:30"])
        var moment = utc("2026-10-24 22:00")
        var changes: [Int64] = []
        while changes.count < 4, let next = rule.nextChange(after: moment, offset: Clock.berlin) {
            changes.append(next)
            moment = next
        }
        #expect(
            changes == [
                utc("2026-10-25 00:00"), utc("2026-10-25 00:30"), utc("2026-10-25 01:00"),
                utc("2026-10-25 01:30"),
            ])
    }

    @Test("a day without midnight begins at one")
    func noMidnight() {
        let rule = schedule(from: "2026-04-24")
        #expect(
            rule.nextChange(after: utc("2026-04-20 00:00"), offset: Clock.cairo)
                == utc("2026-04-23 22:00"))
    }

    @Test("far dates are found, and what stays for good has no next change")
    func far() {
        let rule = schedule(from: "2031-01-01", to: "2036-12-31")
        #expect(
            rule.nextChange(after: 0, offset: Clock.shanghai) == utc("2030-12-31 16:00"))
        #expect(
            rule.nextChange(after: utc("2031-01-01 00:00"), offset: Clock.shanghai)
                == utc("2036-12-31 16:00"))
        #expect(rule.nextChange(after: utc("2037-01-01 00:00"), offset: Clock.shanghai) == nil)
        #expect(Schedule().nextChange(after: 0, offset: Clock.berlin) == nil)
        #expect(schedule(days: []).nextChange(after: 0, offset: Clock.berlin) == nil)
        for moment in [Int64.min, .max, .max - 60] {
            _ = rule.nextChange(after: moment, offset: Clock.shanghai)
        }
    }

    @Test("any schedule agrees with looking at every minute")
    func againstNaive() {
        let starts = ["2026-03-27 21:00", "2026-10-23 20:00", "2026-11-10 05:00"].map(utc)
        let clocks: [LocalTime.OffsetRule] = [Clock.berlin, Clock.shanghai, Clock.cairo]
        for seed in 0..<60 as Range<UInt64> {
            var random = SplitMix(seed)
            var rule = randomSchedule(&random)
            rule.from = nil
            rule.to = nil
            let clock = clocks[random.below(clocks.count)]
            let start = starts[random.below(starts.count)] + Int64(random.below(3_600))
            let isOpen = rule.isOpen(at: local(start, clock))
            var naive: Int64?
            let firstMinute = start - start % 60 + 60
            for moment in stride(from: firstMinute, to: start + 17 * 86_400, by: 60)
            where rule.isOpen(at: local(moment, clock)) != isOpen {
                naive = moment
                break
            }
            #expect(rule.nextChange(after: start, offset: clock) == naive, "seed \(seed)")
        }
    }

    @Test("between two of the index's changes, the running set stays the same")
    func index() {
        for seed in 0..<12 as Range<UInt64> {
            var random = SplitMix(seed)
            let campaigns = (0..<6).map { number in
                Campaign(
                    id: "c\(number)", merchant: "m", kind: "coupon", page: .init(title: "t"),
                    place: .init(zones: ["z"]), schedule: randomSchedule(&random), state: .running)
            }
            var index = CampaignIndex(Catalog(zones: [Zone(id: "z")], campaigns: campaigns))
            var moment = utc("2026-10-24 10:17")
            index.refresh(at: local(moment, Clock.berlin))
            while moment < utc("2026-10-27 00:00") {
                let next = index.nextChange(after: moment, offset: Clock.berlin)
                #expect(next > moment && next <= moment + 25 * 3_600)
                for minute in stride(from: moment - moment % 60 + 60, to: next, by: 60) {
                    let isChanged = index.refresh(at: local(minute, Clock.berlin))
                    #expect(!isChanged, "seed \(seed)")
                }
                index.refresh(at: local(next, Clock.berlin))
                moment = next
            }
        }
    }
}
