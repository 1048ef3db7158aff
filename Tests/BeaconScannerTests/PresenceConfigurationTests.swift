import BeaconScanner
import Testing

@Suite("A new configuration replaces the old one and loses nothing that was known")
struct PresenceConfigurationTests {
    private func air() -> PresenceAir {
        let air = PresenceAir(fleet(4))
        for _ in 0..<20 {
            for number in 0..<4 { air.hear(beacon(number), from: device(UInt64(number))) }
            air.pass(0.5)
        }
        return air
    }

    @Test func beaconsThatStayKeepTheirState() throws {
        let air = air()
        let before = try #require(air.status(3))
        air.table.configure([3, 9, 1].map { KnownBeacon(id: beacon($0)) }, at: time(air.now))
        air.drain()
        let after = try #require(air.status(0))
        #expect(after.id == beacon(3) && after.state == .present)
        #expect(after.adverts == before.adverts && after.interval == before.interval)
        #expect(after.rssi == before.rssi && after.enteredAt == before.enteredAt)
        #expect(air.status(1)?.state == .neverHeard)
        #expect(air.presentCount == 2)
        #expect(air.count(.entered) == 4)
        #expect(air.hear(beacon(3), from: device(3)) == 0)
        air.pass(2)
        #expect(air.count(.entered) == 4)
    }

    @Test func beaconsThatGoLeave() {
        let air = air()
        air.table.configure([KnownBeacon(id: beacon(1))], at: time(air.now))
        air.drain()
        let left = air.transitions.filter { $0.change == .left }
        #expect(left.map(\.id) == [beacon(0), beacon(2), beacon(3)])
        #expect(left.allSatisfy { $0.index == -1 })
        #expect(air.hear(beacon(0)) == -1)
        #expect(air.table.unknownBeacons().map(\.id) == [beacon(0)])
    }

    @Test func waitingTransitionsGetTheirNewIndex() {
        let air = PresenceAir(fleet(2))
        for _ in 0..<4 {
            for number in 0..<2 {
                air.table.observe(
                    beacon(number), address: device(UInt64(number)), rssi: RSSI(-60),
                    measuredPower: -59, radio: 0, at: time(air.now))
            }
            air.now += 0.5
        }
        air.table.configure([KnownBeacon(id: beacon(1))], at: time(air.now))
        air.drain()
        #expect(air.transitions.map(\.change) == [.entered, .entered, .left])
        #expect(air.transitions.map(\.index) == [-1, 0, -1])
    }

    @Test func aStrangerBecomesKnown() {
        let air = PresenceAir([])
        air.hear(beacon(5), times: 5, every: 1)
        #expect(air.table.unknownBeacons().map(\.adverts) == [5])
        air.table.configure([KnownBeacon(id: beacon(5))], at: time(air.now))
        #expect(air.table.unknownBeacons().isEmpty)
        #expect(air.hear(beacon(5)) == 0)
    }

    @Test func ofTwoEntriesTheFirstCounts() {
        let air = PresenceAir([beacon(1), beacon(2), beacon(1)].map { KnownBeacon(id: $0) })
        #expect(air.hear(beacon(1)) == 0)
        #expect(air.table.index(of: beacon(1)) == 0)
        #expect(air.table.index(of: beacon(2)) == 1)
        #expect(air.table.index(of: beacon(3)) == nil)
        air.table.configure([beacon(1), beacon(1)].map { KnownBeacon(id: $0) }, at: time(1))
        #expect(air.hear(beacon(1)) == 0)
        #expect(air.status(1)?.state == .neverHeard)
    }

    @Test func telemetryStillFindsItsBeaconAfterwards() {
        let air = air()
        air.table.configure([3, 2].map { KnownBeacon(id: beacon($0)) }, at: time(air.now))
        let index = air.table.observeBattery(
            BatteryReading(millivolts: 2_900), address: device(2), at: time(air.now))
        #expect(index == 1)
        #expect(air.status(1)?.batteryMillivolts == 2_900)
    }

    @Test(arguments: 1...30)
    func reloadsAtAnyMomentKeepTheOwnersPictureTrue(seed: UInt64) {
        var settings = PresenceSettings()
        settings.transitionCapacity = 3
        let air = PresenceAir(fleet(12), settings: settings, seed: seed)
        var configured = fleet(12)
        var told: [BeaconID: Bool] = [:]
        func drain(_ count: Int) {
            for _ in 0..<count {
                guard let transition = air.table.nextTransition() else { return }
                switch transition.change {
                case .entered:
                    #expect(told[transition.id] != true)
                    told[transition.id] = true
                case .left:
                    #expect(told[transition.id] == true)
                    told[transition.id] = false
                default: break
                }
            }
        }
        for _ in 0..<400 {
            for number in 0..<12 where Bool.random(using: &air.generator) {
                air.table.observe(
                    beacon(number), address: device(UInt64(number)), rssi: RSSI(-60),
                    measuredPower: -59, radio: 0, at: time(air.now))
            }
            air.now += Double.random(in: 0.1..<2.9, using: &air.generator)
            if Int.random(in: 0..<20, using: &air.generator) == 0 {
                for _ in 0..<30 {
                    air.now += 1
                    air.table.tick(at: time(air.now))
                }
            }
            air.table.tick(at: time(air.now))
            if Int.random(in: 0..<8, using: &air.generator) == 0 {
                configured = fleet(12).shuffled(using: &air.generator)
                    .dropLast(Int.random(in: 0..<12, using: &air.generator))
                air.table.configure(configured, at: time(air.now))
            }
            drain(Int.random(in: 0..<4, using: &air.generator))
        }
        for _ in 0..<40 {
            air.table.tick(at: time(air.now))
            drain(.max)
        }
        for status in air.table.statuses() {
            #expect((told[status.id] ?? false) == (status.state == .present))
        }
        let known = Set(configured.map(\.id))
        for (id, isPresent) in told where !known.contains(id) { #expect(!isPresent) }
    }
}

@Suite("A full queue delays transitions and loses none")
struct PresenceQueueTests {
    @Test func everyBeaconEntersAndLeavesOnceThroughAQueueOfFour() {
        var settings = PresenceSettings()
        settings.transitionCapacity = 4
        let air = PresenceAir(fleet(100), settings: settings)
        func turn() {
            for number in 0..<100 {
                air.table.observe(
                    beacon(number), address: device(UInt64(number)), rssi: RSSI(-60),
                    measuredPower: -59, radio: 0, at: time(air.now))
            }
            air.now += 0.9
            air.table.tick(at: time(air.now))
        }
        for _ in 0..<10 { turn() }
        #expect(air.presentCount == 100)
        #expect(air.table.deferredTransitions >= 96)
        air.drain()
        #expect(air.count(.entered) == 4)
        // Each tick fills the queue again, without another advert.
        for _ in 0..<24 {
            air.now += 0.3
            air.table.tick(at: time(air.now))
            air.drain()
        }
        #expect(air.count(.entered) == 100)
        #expect(Set(air.transitions.map(\.index)).count == 100)
        air.pass(100)
        #expect(air.count(.left) == 100)
        #expect(air.transitions.count == 200)
    }

    @Test func aVisitNobodyAskedAboutIsNotReportedLate() {
        var settings = PresenceSettings()
        settings.transitionCapacity = 1
        let air = PresenceAir(fleet(2), settings: settings)
        for number in [0, 1] {
            for _ in 0..<4 {
                air.table.observe(
                    beacon(number), address: device(UInt64(number)), rssi: RSSI(-60),
                    measuredPower: -59, radio: 0, at: time(air.now))
                air.now += 0.5
            }
        }
        #expect(air.presentCount == 2)
        for _ in 0..<30 {
            air.now += 1
            air.table.tick(at: time(air.now))
        }
        air.drain()
        air.pass(5)
        // The second beacon came and went while the queue was full: nothing is owed.
        #expect(air.changes(of: 0) == [.entered, .left])
        #expect(air.changes(of: 1).isEmpty)
    }
}
