import BeaconScanner
import TestSupport
import Testing

@testable import HardwareHub

/// A generator that gives the same numbers for the same seed (SplitMix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// A person with a pedometer and a hub that hears it now and then: all three in one.
struct Walker {
    var random: SeededGenerator
    /// True time, seconds since 1970.
    var time: Int64 = 1_795_492_800
    /// What was walked since the counter started, and all in all.
    var counter: UInt32 = 0
    var walked: Int64 = 0
    /// The device's clock is ahead of true time by so much, in seconds; its day ends by it.
    var deviceOffset: Int64 = 28_800
    /// The hub's clock is ahead of true time by so much.
    var hubOffset: Int64 = 0
    var isSynchronized = true
    var boot: Int64 = 5_000
    /// What the hub told of each day: later events replace earlier ones.
    var told: [Int32: UInt32] = [:]
    var memory: [UInt8]?
    var ledger = StepDay()

    init(seed: UInt64) { random = SeededGenerator(state: seed) }

    var clock: DeviceClock {
        DeviceClock(
            boot: BootTime(nanoseconds: boot * 1_000_000_000), unixSeconds: time + hubOffset,
            utcOffset: 28_800, isSynchronized: isSynchronized)
    }

    var sum: Int64 { told.values.reduce(0) { $0 + Int64($1) } }

    private var deviceDay: Int64 { (time + deviceOffset) / 86_400 }

    /// Time passes, with so many steps a second at the most.
    mutating func live(seconds: Int64, pace: Int64) {
        var left = seconds
        while left > 0 {
            let piece = min(left, 300, 86_400 - (time + deviceOffset) % 86_400)
            let steps = pace == 0 ? 0 : Int64.random(in: 0...pace * piece, using: &random)
            let day = deviceDay
            counter += UInt32(steps)
            walked += steps
            time += piece
            boot += piece
            left -= piece
            if deviceDay != day { counter = 0 }
        }
    }

    mutating func read(_ value: UInt32? = nil) {
        let bytes = WeChatSport.goal(steps: value ?? counter) ?? []
        guard let sport = try? WeChatSport(bytes.span) else { return }
        _ = ledger.observed(sport, at: clock)
    }

    /// What has changed becomes durable.
    mutating func keep() {
        for total in ledger.takeChanges() { told[total.day] = total.steps }
        memory = ledger.memory
    }

    /// The connection ends, or the hub does: what was not kept is gone.
    mutating func reconnect() { ledger = StepDay(memory: memory) }

    mutating func restartHub() {
        boot = Int64.random(in: 1...60, using: &random)
        reconnect()
    }
}

@Suite("No step is counted twice, whatever device, hub and clocks do")
struct StepDayTests {
    /// Anything may happen to a band whose clock is right within half an hour; the days never say more
    /// than was walked.
    @Test(arguments: 0..<20)
    func neverMoreThanWalked(block: UInt64) {
        for seed in 0..<25 {
            var walker = Walker(seed: block * 1000 + UInt64(seed))
            walker.deviceOffset += Int64.random(in: -1_800...1_800, using: &walker.random)
            for _ in 0..<250 {
                switch Int.random(in: 0..<14, using: &walker.random) {
                case 0: walker.live(seconds: .random(in: 1...5, using: &walker.random), pace: 4)
                case 1: walker.live(seconds: .random(in: 1...600, using: &walker.random), pace: 2)
                case 2:
                    walker.live(seconds: .random(in: 1...90_000, using: &walker.random), pace: 1)
                case 3:
                    walker.live(seconds: .random(in: 1...200_000, using: &walker.random), pace: 0)
                case 4...6: walker.read()
                // Two values overtake each other, with a reset between them, perhaps.
                case 7:
                    let old = walker.counter
                    walker.live(seconds: 1, pace: 4)
                    if walker.random.chance(20) { walker.counter = 0 }
                    walker.read()
                    walker.read(old)
                case 8: walker.keep()
                case 9: if walker.random.chance(50) { walker.reconnect() }
                case 10: if walker.random.chance(20) { walker.restartHub() }
                // The device is reset, or its clock is put right.
                case 11: if walker.random.chance(20) { walker.counter = 0 }
                case 12:
                    if walker.random.chance(20) {
                        walker.deviceOffset =
                            28_800 + .random(in: -1_800...1_800, using: &walker.random)
                    }
                // The hub's clock jumps, or is put right.
                default:
                    walker.isSynchronized = walker.random.chance(50)
                    walker.hubOffset =
                        walker.isSynchronized
                        ? 0 : .random(in: -400_000...400_000, using: &walker.random)
                }
                if walker.sum > walker.walked {
                    let name = "seed \(block * 1000 + UInt64(seed))"
                    Issue.record("\(name): \(walker.sum) told, \(walker.walked) walked")
                    return
                }
            }
        }
    }

    /// A band whose clock is hours off, heard every hour and a half: each midnight that was assumed is
    /// taken back when the counter falls, at the latest a day later.
    @Test(arguments: 0..<20)
    func anotherMidnight(seed: UInt64) {
        var walker = Walker(seed: seed)
        walker.deviceOffset += Int64.random(in: 7_200...79_200, using: &walker.random)
        for _ in 0..<200 {
            let before = walker.counter
            walker.live(seconds: 5_400, pace: 1)
            walker.read()
            walker.keep()
            if walker.random.chance(10) { walker.reconnect() }
            guard walker.counter < before else { continue }
            #expect(walker.sum <= walker.walked, "seed \(seed)")
        }
        #expect(walker.sum > walker.walked * 8 / 10, "few are lost")
    }

    /// Who is heard once an evening, more or less, gets every day as the band shows it.
    @Test(arguments: 0..<20)
    func heardOnceAnEvening(seed: UInt64) {
        var walker = Walker(seed: seed)
        var days: [Int32: UInt32] = [:]
        // 20:00 of the hub's day.
        walker.live(seconds: 86_400 - walker.clock.secondOfDay + 72_000, pace: 0)
        var falls = 0
        for _ in 0..<30 {
            days[walker.clock.localDay] = walker.counter
            walker.read()
            walker.keep()
            walker.reconnect()
            let before = walker.counter
            let late = Int64.random(in: -3_600...3_600, using: &walker.random)
            walker.live(
                seconds: 86_400 + 72_000 + late - walker.clock.secondOfDay,
                pace: .random(in: 0...1, using: &walker.random))
            falls = walker.counter < before ? 0 : falls + 1
            // Four rising days in a row look like a band that has no midnight.
            if falls > Int(StepDay.mostAssumed) { return }
        }
        for (day, steps) in days where steps > 0 { #expect(walker.told[day] == steps) }
    }

    /// A band in reach, all clocks right: every day is told as it was.
    @Test(arguments: 0..<20)
    func exactWhileInReach(seed: UInt64) {
        var walker = Walker(seed: seed)
        var days: [Int32: Int64] = [:]
        for _ in 0..<600 {
            let before = walker.walked
            let day = walker.clock.localDay
            walker.live(seconds: 900, pace: 2)
            // What is walked between the last reading of a day and midnight is nobody's.
            if walker.clock.localDay == day {
                days[day, default: 0] += walker.walked - before
            }
            walker.read()
            walker.keep()
            if walker.random.chance(10) { walker.reconnect() }
            if walker.random.chance(2) { walker.restartHub() }
        }
        #expect(walker.told.count > 5)
        for (day, steps) in days { #expect(walker.told[day].map(Int64.init) == steps) }
    }

    private func sport(_ steps: UInt32) throws -> WeChatSport {
        let bytes = try #require(WeChatSport.goal(steps: steps))
        return try WeChatSport(bytes.span)
    }

    private func ledger(
        _ readings: [(steps: UInt32, hours: Double)], synchronized: Bool = true
    ) -> [String: UInt32] {
        var ledger = StepDay()
        for (steps, hours) in readings {
            var clock = DeviceClock.noon.after(seconds: hours * 3600)
            clock.isSynchronized = synchronized
            guard let value = WeChatSport.goal(steps: steps),
                let sport = try? WeChatSport(value.span)
            else { continue }
            _ = ledger.observed(sport, at: clock)
            // Each reading in a connection of its own.
            ledger = StepDay(memory: ledger.memory)
        }
        return Dictionary(
            uniqueKeysWithValues: ledger.days.map { (HubDay.text($0.day) ?? "", $0.steps) })
    }

    /// The table of the documentation, row by row. Noon of the 24th is hour 0.
    @Test func cases() {
        let (monday, tuesday) = ("2026-11-24", "2026-11-25")
        #expect(ledger([(5000, 0)]) == [monday: 5000])
        #expect(ledger([(5000, 0), (6000, 1), (6000, 2)]) == [monday: 6000])
        #expect(ledger([(5000, 0), (100, 1)]) == [monday: 5100], "a reset")
        #expect(ledger([(5000, 0), (100, 20)]) == [monday: 5000, tuesday: 100])
        #expect(ledger([(5000, 10), (5200, 12.2)]) == [monday: 5200], "its clock lags")
        #expect(ledger([(5000, 10), (5200, 12.2), (50, 12.4)]) == [monday: 5200, tuesday: 50])
        #expect(ledger([(5000, 10), (5200, 12.6)]) == [monday: 5000, tuesday: 200])
        #expect(
            ledger([(5000, 8), (9000, 30)]) == [monday: 5000, tuesday: 9000],
            "its midnight is the hub's until something says otherwise")
        #expect(
            ledger([(5000, 8), (9000, 30)], synchronized: false)
                == [monday: 5000, tuesday: 4000], "nobody knows when that was")
        #expect(
            ledger([(5000, 11.8), (5200, 14)]) == [monday: 5000, tuesday: 200],
            "its clock may be ahead, and this be tomorrow already")
        #expect(
            ledger([(5000, 8), (5300, 22), (4000, 32), (4200, 46)])
                == [monday: 5000, tuesday: 4300, "2026-11-26": 200],
            "it falls in the afternoon: so it did not at midnight")
        #expect(
            ledger([(5000, 8), (5300, 22), (4000, 32), (20, 46), (90, 70)])
                == [
                    monday: 5000, tuesday: 4300, "2026-11-26": 20, "2026-11-27": 90,
                ], "and then it does")
        let rising: [(steps: UInt32, hours: Double)] = [
            (1000, 8), (2000, 32), (3000, 56), (4000, 80), (5000, 104), (6000, 128),
        ]
        #expect(
            ledger(rising) == [
                monday: 1000, tuesday: 2000, "2026-11-26": 3000, "2026-11-27": 4000,
                "2026-11-28": 1000, "2026-11-29": 1000,
            ], "it has no midnight at all")
        #expect(
            ledger([(5000, 0), (200, 11.8), (300, 13)]) == [monday: 5200, tuesday: 100],
            "its midnight comes early")
        #expect(ledger([(5000, 0), (4990, 0.001)]) == [monday: 5000], "out of order")
        #expect(ledger([(5000, 0), (4990, 0.001), (5010, 0.01)]) == [monday: 5010])
        #expect(ledger([(5000, 0), (9000, 0.01)]) == [monday: 5000], "nobody walks that fast")
        #expect(ledger([(5000, 0), (9000, 0.01), (9000, 1)]) == [monday: 9000])
        #expect(
            ledger([(5000, 0), (5100, -48)], synchronized: false) == [monday: 5100],
            "back without a time source")
        #expect(
            ledger([(5000, 0), (5100, -24)]) == [monday: 5000, "2026-11-23": 100],
            "back by a time source")
    }

    /// A day that the clock left is found again; only eight are remembered.
    @Test func clockToAndFro() {
        #expect(
            ledger([(5000, 0), (5100, 24_000), (5200, 1)])
                == ["2026-11-24": 5100, "2029-08-20": 5100])
        let many = ledger((0...20).map { (UInt32($0), Double($0) * 24) })
        #expect(many.count == StepDay.mostDays)
    }

    @Test func distanceAndEnergy() throws {
        var ledger = StepDay()
        for (text, hours) in [
            ("07400100900000180000", 0.0), ("07500100990000190000", 1.0),
            ("010a0000", 2.0), ("03140000050000", 3.0),
        ] {
            let value = try WeChatSport(hex(text).span)
            #expect(ledger.observed(value, at: .noon.after(seconds: hours * 3600)) == .counted)
        }
        let day = try #require(ledger.days.first)
        #expect(day.steps == 336 + 20 && day.distance == 153 + 5 && day.energy == 25)
    }

    @Test func impossible() throws {
        var ledger = StepDay()
        let value = try WeChatSport(hex("01ffffff").span)
        #expect(ledger.observed(value, at: .noon) == .impossible && ledger.days.isEmpty)
        let most = try sport(432_000)
        #expect(ledger.observed(most, at: .noon) == .counted)
    }

    /// What cannot be read counts from its first reading on; every change of a byte is a ledger or
    /// is none, and never a trap.
    @Test func memoryIsChecked() throws {
        var ledger = StepDay()
        for hours in [0.0, 30, 60] {
            let value = try WeChatSport(hex("07400100900000180000").span)
            _ = ledger.observed(value, at: .noon.after(seconds: hours * 3600))
        }
        _ = ledger.takeChanges()
        let kept = StepDay(memory: ledger.memory)
        #expect(kept == StepDay(memory: kept.memory))
        #expect(kept.days == ledger.days && kept.memory == ledger.memory)
        let value = try WeChatSport(hex("07500100990000190000").span)
        ByteVerifier.neighbours(of: ledger.memory) { bytes in
            var damaged = StepDay(memory: bytes)
            for hours in [61.0, 62] {
                _ = damaged.observed(value, at: .noon.after(seconds: hours * 3600))
            }
            _ = damaged.memory
        }
        var damaged = StepDay(memory: [9])
        #expect(damaged.isDamaged)
        _ = damaged.observed(value, at: .noon)
        #expect(!damaged.hasChanges && !damaged.isDamaged)
        let more = try sport(346)
        _ = damaged.observed(more, at: .noon.after(seconds: 60))
        #expect(damaged.days.map(\.steps) == [10])
    }

    @Test func localDays() {
        #expect(HubDay.text(0) == "1970-01-01" && HubDay.text(-1) == "1969-12-31")
        #expect(HubDay.text(20_781) == "2026-11-24" && HubDay.text(11_016) == "2000-02-29")
        #expect(HubDay.text(.max) == nil && HubDay.text(.min) == nil)
        for day in stride(from: -141_000 as Int32, to: 2_900_000, by: 997) {
            #expect(HubDay.date(day) != nil)
        }
        #expect(DeviceClock.noon.weekday == 2 && DeviceClock.noon.secondOfDay == 43_200)
        let early = DeviceClock(
            boot: BootTime(nanoseconds: 0), unixSeconds: -1, utcOffset: 0, isSynchronized: false)
        #expect(early.localDay == -1 && early.secondOfDay == 86_399)
        for unix in [Int64.min, .max] {
            let clock = DeviceClock(
                boot: BootTime(nanoseconds: .min), unixSeconds: unix, utcOffset: -1,
                isSynchronized: true)
            _ = (clock.localDay, clock.weekday, clock.localTime)
            var ledger = StepDay()
            if let value = try? WeChatSport(hex("01102700").span) {
                for clock in [clock, .noon, clock] { _ = ledger.observed(value, at: clock) }
            }
        }
    }
}
