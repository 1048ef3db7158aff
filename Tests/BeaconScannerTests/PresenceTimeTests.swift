import Testing

@testable import BeaconScanner

@Suite("Time that was not observed makes no beacon leave")
struct PresenceTimeTests {
    /// A hundred beacons that were heard a moment ago.
    private func shop() -> PresenceAir {
        let air = PresenceAir(fleet(100))
        for number in 0..<100 {
            air.emitters.append(
                Emitter(id: beacon(number), address: device(UInt64(number)), interval: 0.5))
        }
        air.run(until: 60)
        return air
    }

    @Test(arguments: [3.1, 10, 60, 3_600, 1e6, 1e9])
    func suspend(duration: Double) {
        let air = shop()
        #expect(air.presentCount == 100)
        air.sleep(duration)
        air.table.tick(at: time(air.now))
        air.drain()
        air.pass(5)
        #expect(air.count(.left) == 0)
        #expect(air.presentCount == 100)
    }

    @Test func beaconsThatWentMeanwhileLeaveOnceAfterTheirWholeSilence() {
        let air = shop()
        air.sleep(3_600)
        air.pass(9)
        #expect(air.count(.left) == 0)
        air.pass(12)
        #expect(air.count(.left) == 100)
        air.pass(100)
        #expect(air.count(.left) == 100)
    }

    @Test func manyStallsInARowAreNotSilence() {
        let air = shop()
        for _ in 0..<50 {
            air.sleep(4)
            air.table.tick(at: time(air.now))
            air.drain()
        }
        #expect(air.count(.left) == 0)
    }

    @Test func aGapAcrossASleepIsNotAnInterval() {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 100, every: 1)
        for _ in 0..<100 {
            air.hear(beacon(0))
            air.now += 0.1
            air.table.tick(at: time(air.now))
            air.sleep(10)
            air.hear(beacon(0))
            air.pass(1)
        }
        #expect(air.status()?.interval == 1_000_000_000)
        #expect(air.changes() == [.entered])
    }

    @Test func aPassingCrowdIsNotANewInterval() {
        var intervals = IntervalEstimate()
        for _ in 0..<100 { intervals.learn(100_000_000) }
        intervals.learn(9_000_000_000)
        #expect(intervals.meanGap > 100_000_000 && intervals.meanGap <= 150_000_000)
        #expect(intervals.interval == 100_000_000)
    }

    @Test func aClockThatGoesBackStartsAgain() {
        let air = shop()
        air.now = -1e6
        air.table.tick(at: time(air.now))
        for _ in 0..<10 {
            for number in 0..<100 { air.hear(beacon(number), from: device(UInt64(number))) }
            air.pass(1)
        }
        #expect(air.presentCount == 100)
        #expect(air.count(.left) == 0)
        air.pass(30)
        #expect(air.count(.left) == 100)
    }

    @Test func disorderBetweenTwoRadiosDoesNotSpeedUpTheClock() {
        var clock = PresenceClock(at: BootTime(nanoseconds: 0))
        for step in 0..<1_000 {
            let instant = Int64(step) * 10_000_000
            for lag in [Int64(0), 5_000_000, 0, 9_000_000] {
                _ = clock.advance(to: BootTime(nanoseconds: instant - lag))
            }
        }
        #expect(clock.now == 999 * 10_000_000)
    }

    @Test func stepsAtTheLimitCountAndLongerOnesDoNot() {
        var clock = PresenceClock(at: BootTime(nanoseconds: 0))
        let instants: [Int64] = [3_000_000_000, 6_000_000_001, 3_000_000_001, 3_000_000_000]
        let jumps = instants.map { clock.advance(to: BootTime(nanoseconds: $0)) }
        #expect(jumps == [false, true, false, true])
        #expect(clock.now == 3_000_000_000)
    }

    @Test(arguments: 1...50)
    func hostileTimesNeitherTrapNorCorrupt(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let air = PresenceAir(fleet(8), seed: seed)
        let edges: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for _ in 0..<2_000 {
            let nanoseconds: Int64 =
                switch UInt8.random(in: 0..<4, using: &generator) {
                case 0: edges.randomElement(using: &generator) ?? 0
                case 1: Int64.random(in: .min ... .max, using: &generator)
                case 2: Int64.random(in: 0..<4_000_000_000, using: &generator)
                default: air.table.clock.instant.nanoseconds &+ 500_000_000
                }
            let instant = BootTime(nanoseconds: nanoseconds)
            let number = Int.random(in: 0..<8, using: &generator)
            switch UInt8.random(in: 0..<8, using: &generator) {
            case 0: air.table.tick(at: instant)
            case 1: air.table.radioLost(UInt8(number), at: instant)
            case 2: air.table.radioRestored(UInt8(number), at: instant)
            case 3:
                air.table.observeBattery(
                    BatteryReading(millivolts: .random(in: 0...(.max), using: &generator)),
                    address: device(UInt64(number)), at: instant)
            default:
                air.table.observe(
                    beacon(number), address: device(UInt64(number)),
                    rssi: RSSI(.random(in: .min ... .max, using: &generator)),
                    measuredPower: .random(in: .min ... .max, using: &generator),
                    radio: .random(in: 0...(.max), using: &generator), at: instant)
            }
            air.drain()
        }
        let statuses = air.table.statuses()
        #expect(statuses.count { $0.state == .present } == air.presentCount)
        #expect(statuses.allSatisfy { $0.rssi?.isFinite ?? true })
        #expect(statuses.allSatisfy { $0.distance?.isFinite ?? true })
        // What the owner was told adds up to what is true.
        for status in statuses {
            let told = air.changes(of: status.index).filter { $0 == .entered || $0 == .left }
            #expect((told.last == .entered) == (status.state == .present))
            for (one, next) in zip(told, told.dropFirst()) { #expect(one != next) }
        }
    }
}
