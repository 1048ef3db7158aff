import Testing

@testable import BeaconScanner

@Suite("The audit tells what is wrong with the fleet, and since when")
struct FleetAuditTests {
    private func findings(_ air: PresenceAir) -> [Finding] {
        air.table.fleetAudit().entries.map(\.finding)
    }

    @Test func neverHeardIsMissingAndThenFound() throws {
        let air = PresenceAir(fleet(2))
        air.table.radioRestored(0, at: time(0))
        air.pass(599)
        #expect(air.transitions.isEmpty)
        air.pass(15)
        #expect(air.changes(of: 0) == [.missing] && air.changes(of: 1) == [.missing])
        #expect(air.status()?.state == .missing)
        #expect(air.transitions.allSatisfy { $0.lastHeard == nil })
        let entry = try #require(air.table.fleetAudit().entries.first)
        #expect(entry.finding == .missing && (600...613).contains(seconds(entry.since)))
        air.hear(beacon(0), times: 3, every: 1)
        #expect(air.changes(of: 0) == [.missing, .found, .entered])
        #expect(findings(air) == [.missing])
        #expect(air.table.fleetAudit().entries.map(\.index) == [1])
    }

    @Test func withoutAListeningRadioNothingIsMissing() {
        let air = PresenceAir(fleet(3))
        air.pass(3_600)
        #expect(air.transitions.isEmpty)
        air.table.radioRestored(3, at: time(air.now))
        air.table.radioLost(3, at: time(air.now))
        air.table.assign(radio: 3, zone: 1, at: time(air.now))
        air.pass(3_600)
        #expect(air.transitions.isEmpty)
        air.table.radioRestored(3, at: time(air.now))
        air.pass(620)
        #expect(air.count(.missing) == 3)
    }

    @Test func aBeaconThatLeftIsMissingAfterItsOwnTime() throws {
        let air = PresenceAir(fleet(2))
        for number in 0..<2 {
            air.emitters.append(
                Emitter(
                    id: beacon(number), address: device(UInt64(number)),
                    interval: number == 0 ? 1 : 10, life: 0..<600))
        }
        air.run(until: 2_000)
        for (index, expected) in [(Int32(0), 300.0), (1, 600)] {
            let missing = try #require(
                air.transitions.first { $0.index == index && $0.change == .missing })
            let silence = try seconds(missing.at) - seconds(#require(missing.lastHeard))
            #expect((expected - 1...expected + 25).contains(silence))
        }
    }

    @Test func aBadgeThatWentHomeIsNotMissing() {
        let air = PresenceAir([KnownBeacon(id: beacon(0), isWorn: true)])
        air.hear(beacon(0), times: 5, every: 1)
        air.pass(50_000)
        #expect(air.changes() == [.entered, .left])
    }

    @Test func aMissingBeaconThatIsWornFromNowOnIsNotMissing() {
        let air = PresenceAir(fleet(1))
        air.table.radioRestored(0, at: time(0))
        air.pass(700)
        air.table.configure([KnownBeacon(id: beacon(0), isWorn: true)], at: time(air.now))
        air.pass(700)
        #expect(air.changes() == [.missing, .found])
    }

    @Test func twoDevicesWithOneIdentifier() {
        let air = PresenceAir(fleet(1))
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 1),
            Emitter(id: beacon(0), address: device(2), interval: 1, life: 100..<400),
        ]
        air.run(until: 99)
        #expect(findings(air).isEmpty)
        air.run(until: 150)
        #expect(findings(air).contains(.duplicate))
        air.run(until: 600)
        #expect(!findings(air).contains(.duplicate))
        #expect(air.count(.raised(.duplicate)) == 1)
        #expect(air.count(.cleared(.duplicate)) == 1)
    }

    @Test(arguments: [60.0, 300, 900])
    func aRotatingAddressIsOneDevice(rotation: Double) {
        let air = PresenceAir(fleet(1))
        let address = DeviceAddress(bits: 0x4011_2233_4455, kind: .random)
        air.radios = [(0, 1), (1, 3)]
        air.emitters = [
            Emitter(id: beacon(0), address: address, interval: 0.5, loss: 0.3, rotation: rotation)
        ]
        air.run(until: 4_000)
        #expect(findings(air).isEmpty)
        #expect(air.changes() == [.entered])
    }

    @Test func twoRotatingDevicesAreTwo() {
        let air = PresenceAir(fleet(1))
        air.emitters = [
            Emitter(
                id: beacon(0), address: DeviceAddress(bits: 0x4011_2233_4455, kind: .random),
                interval: 1, rotation: 900),
            Emitter(
                id: beacon(0), address: DeviceAddress(bits: 0x7011_2233_4455, kind: .random),
                interval: 1, rotation: 700),
        ]
        air.run(until: 3_600)
        #expect(findings(air).contains(.duplicate))
        #expect(air.count(.raised(.duplicate)) == 1)
    }

    @Test func aBeaconMovedToAnotherZone() {
        // Zone 0 is the mall, 1 and 2 its floors, 3 a counter on floor 1.
        let beacons = [Int32(1), 2, 3, 0].enumerated().map { number, zone in
            KnownBeacon(id: beacon(number), zone: zone)
        }
        let air = PresenceAir(beacons, zoneParents: [-1, 0, 0, 1])
        air.radios = [(0, 0), (1, 30)]
        air.table.assign(radio: 0, zone: 1, at: time(0))
        for number in 0..<4 {
            air.emitters.append(
                Emitter(id: beacon(number), address: device(UInt64(number)), interval: 1))
        }
        air.run(until: 900)
        // Only floor 1 has ears yet: that the beacon of floor 2 is heard there says nothing.
        #expect(findings(air).isEmpty)
        air.table.assign(radio: 1, zone: 2, at: time(air.now))
        air.run(until: 1_100)
        #expect(findings(air).isEmpty)
        air.run(until: 1_300)
        #expect(air.table.fleetAudit().entries.map(\.finding) == [.wrongZone])
        #expect(air.table.fleetAudit().entries.map(\.index) == [1])
        #expect(air.count(.raised(.wrongZone)) == 1)
        air.emitters[1].position = { _ in 29 }
        air.run(until: 1_800)
        #expect(air.count(.cleared(.wrongZone)) == 1)
    }

    @Test func aParentLoopEnds() {
        let air = PresenceAir([KnownBeacon(id: beacon(0), zone: 0)], zoneParents: [1, 0, 7])
        air.table.assign(radio: 0, zone: 2, at: time(0))
        air.table.assign(radio: 1, zone: .max, at: time(0))
        air.table.radioRestored(1, at: time(0))
        air.hear(beacon(0), times: 30, every: 1)
        #expect(findings(air).isEmpty)
    }

    @Test func aBatteryRunsLow() throws {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 5, every: 1)
        // A telemetry frame now and then between the others, and a visit of the audit after.
        func tell(_ millivolts: UInt16, _ times: Int) {
            for _ in 0..<times {
                air.table.observeBattery(
                    BatteryReading(millivolts: millivolts), address: device(1), at: time(air.now))
            }
            air.hear(beacon(0), times: 17, every: 1)
        }
        tell(2_900, 20)
        #expect(findings(air).isEmpty)
        // One forged reading is not believed.
        tell(1, 1)
        #expect(findings(air).isEmpty)
        tell(2_350, 60)
        #expect(findings(air) == [.lowBattery])
        tell(2_450, 60)
        #expect(findings(air) == [.lowBattery])
        tell(3_000, 20)
        #expect(findings(air).isEmpty)
        #expect(air.status()?.batteryMillivolts == 3_000)
        air.table.observeBattery(
            BatteryReading(percent: 9), address: device(1), at: time(air.now))
        air.hear(beacon(0), times: 17, every: 1)
        #expect(findings(air) == [.lowBattery])
        #expect(air.status()?.batteryPercent == 9)
    }

    @Test func telemetryOfAStrangerIsNobodys() {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 3, every: 1, from: device(1))
        // An address heard once in the beacon's name is not its own.
        air.hear(beacon(0), from: device(2))
        let index = air.table.observeBattery(
            BatteryReading(millivolts: 2_000), address: device(2), at: time(air.now))
        #expect(index == -1)
        #expect(air.status()?.batteryMillivolts == nil)
    }

    @Test func telemetryIsOfEveryIdentifierOfTheDevice() {
        let air = PresenceAir(fleet(3))
        for _ in 0..<3 {
            for number in [0, 2] { air.hear(beacon(number), from: device(1)) }
            air.pass(1)
        }
        let index = air.table.observeBattery(
            BatteryReading(millivolts: 2_800), address: device(1), at: time(air.now))
        #expect(index == 0)
        #expect(air.table.statuses().map(\.batteryMillivolts) == [2_800, nil, 2_800])
    }

    @Test(arguments: 1...5)
    func aFloodTakesNobodysTelemetryForLong(seed: UInt64) {
        let air = PresenceAir(fleet(200), seed: seed)
        func shop(_ turns: Int) {
            for _ in 0..<turns {
                for number in 0..<200 { air.hear(beacon(number), from: device(UInt64(number))) }
                air.pass(1)
            }
        }
        func reached() -> Int {
            (0..<200).count { number in
                air.table.observeBattery(
                    BatteryReading(millivolts: 2_900), address: device(UInt64(number)),
                    at: time(air.now)) == Int32(number)
            }
        }
        shop(4)
        #expect(reached() == 200)
        // Each forged packet has an address of its own, so each identifier's places fill up.
        for packet in 0..<60_000 {
            let address = DeviceAddress(bits: air.generator.next(), kind: .random)
            air.hear(beacon(packet % 200), from: address)
        }
        shop(90)
        #expect(reached() == 200)
    }

    @Test func theForecastIsTheSlopeAndNothingElse() throws {
        let day: Int64 = 86_400_000_000_000
        var battery = BatteryTrend()
        for step in 0..<400 {
            // 5 mV a day, told each six hours, beginning at 3,000.
            let fallen = Int(Double(step) * 0.25 * 5)
            battery.observe(
                BatteryReading(millivolts: UInt16(3_000 - fallen)), at: Int64(step) * day / 4)
            let left = battery.daysLeft(until: 2_400, at: Int64(step) * day / 4)
            if step < 14 { #expect(left == nil) }
            guard step > 100 else { continue }
            let expected = (Double(battery.millivolts) - 2_400) / 5
            #expect(try abs(#require(left) - expected) < 0.15 * expected)
        }
    }

    @Test func aBatteryThatDoesNotFallHasNoForecast() {
        var battery = BatteryTrend()
        var generator = SeededGenerator(11)
        for hour in 0..<2_000 {
            let noise = Int.random(in: -8...8, using: &generator)
            let now = Int64(hour) * 3_600_000_000_000
            battery.observe(BatteryReading(millivolts: UInt16(2_950 + noise)), at: now)
            #expect(battery.daysLeft(until: 2_400, at: now) == nil)
        }
    }

    @Test(arguments: [(1.0, 1.4, true), (1.0, 0.65, true), (1.0, 1.2, false), (1.0, 0.85, false)])
    func anIntervalDrifts(first: Double, then: Double, drifts: Bool) {
        let air = PresenceAir(fleet(1))
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: first, loss: 0.3, life: 0..<300),
            Emitter(
                id: beacon(0), address: device(1), interval: then, loss: 0.3, life: 300..<900),
        ]
        air.run(until: 300)
        #expect(findings(air).isEmpty)
        air.run(until: 900)
        #expect(findings(air) == (drifts ? [.intervalDrift] : []))
    }

    @Test(arguments: 1...10)
    func lostAdvertsAreNoDrift(seed: UInt64) {
        let air = PresenceAir(fleet(1), seed: seed)
        air.emitters = [Emitter(id: beacon(0), address: device(1), interval: 1)]
        air.run(until: 200)
        air.emitters[0].loss = 0.5
        air.run(until: 2_000)
        #expect(findings(air).isEmpty)
    }

    @Test func unknownBeaconsOfOursComeFirst() {
        let air = PresenceAir([
            KnownBeacon(id: beacon(0)),
            KnownBeacon(
                id: BeaconID(format: .eddystoneUID, length: 16, high: 1, middle: 2 << 48, low: 0)),
        ])
        let foreign = BeaconID(format: .iBeacon, length: 20, high: 9, middle: 9, low: 9)
        let ours = BeaconID(
            format: .eddystoneUID, length: 16, high: 1, middle: 2 << 48 | 77, low: 0)
        let other = BeaconID(
            format: .eddystoneUID, length: 16, high: 1, middle: 3 << 48, low: 0)
        air.hear(foreign, times: 9, every: 0.1, from: device(1))
        air.hear(other, times: 8, every: 0.1, from: device(2))
        air.hear(ours, times: 2, every: 0.1, from: device(3))
        air.hear(beacon(4_711), times: 3, every: 0.1, from: device(4), rssi: -59)
        let unknown = air.table.unknownBeacons()
        #expect(unknown.map(\.id) == [beacon(4_711), ours, foreign, other])
        #expect(unknown.map(\.isRelated) == [true, true, false, false])
        #expect(unknown.map(\.adverts) == [3, 2, 9, 8])
        #expect(unknown[0].address == device(4))
        #expect(unknown[0].distance == 1 && unknown[0].proximity == .near)
        #expect(air.table.unknownBeacons(limit: 1).count == 1)
        #expect(air.table.fleetAudit(unknownLimit: 2).unknown.map(\.id) == [beacon(4_711), ours])
    }
}
