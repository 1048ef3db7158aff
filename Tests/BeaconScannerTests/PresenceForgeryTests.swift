import BeaconScanner
import Testing

@Suite("Forged identifiers are hints, and a flood of them costs nobody his place")
struct PresenceForgeryTests {
    @Test func singleForgedPacketsNeverEnter() {
        let air = PresenceAir(fleet(50), seed: 3)
        for packet in 0..<20_000 {
            let address = DeviceAddress(bits: air.generator.next(), kind: .random)
            air.hear(beacon(packet % 50), from: address, rssi: -40)
            air.pass(0.01)
        }
        #expect(air.count(.entered) == 0)
        #expect(air.count(.raised(.suspect)) == 50)
    }

    @Test func oneAddressThatSendsAHundredIdentifiersEntersNone() {
        let air = PresenceAir(fleet(101))
        air.emitters = [Emitter(id: beacon(100), address: device(7), interval: 1)]
        for packet in 0..<6_000 {
            air.table.observe(
                beacon(packet % 100), address: device(666), rssi: RSSI(-40), measuredPower: -59,
                radio: 0, at: time(air.now))
            air.run(until: air.now + 0.01)
        }
        #expect(air.transitions.count { $0.change == .entered && $0.index != 100 } <= 16)
        #expect(air.changes(of: 100) == [.entered])
    }

    @Test func aHundredIdentifiersAHundredTimesASecondFromOneAddressEnterNone() {
        // The counterfeiter starts all of them within the first second, as it must to matter.
        let air = PresenceAir(fleet(100))
        for packet in 0..<10_000 {
            air.hear(beacon(packet % 100), from: device(666))
            if packet % 100 == 99 { air.pass(0.01) }
        }
        #expect(air.count(.entered) == 0)
        air.pass(20)
        #expect(air.count(.raised(.suspect)) == 100)
    }

    @Test(arguments: [(16, 16), (17, 0)])
    func aMultiSlotBeaconMayHaveSixteenIdentifiers(sent: Int, entered: Int) {
        let air = PresenceAir(fleet(40))
        for packet in 0..<(sent * 20) {
            air.hear(beacon(packet % sent))
            if packet % sent == sent - 1 { air.pass(0.2) }
        }
        #expect(air.count(.entered) == entered)
    }

    @Test func theRealBeaconIsServedDuringAFloodOfItsOwnIdentifier() throws {
        let air = PresenceAir(fleet(1), seed: 5)
        air.emitters = [Emitter(id: beacon(0), address: device(7), interval: 1)]
        // The flood is there first, fifty forged packets for each real one.
        for _ in 0..<10_000 {
            let address = DeviceAddress(bits: air.generator.next(), kind: .random)
            air.table.observe(
                beacon(0), address: address, rssi: RSSI(-40), measuredPower: -59, radio: 0,
                at: time(air.now))
            air.run(until: air.now + 0.02)
        }
        let entered = try #require(air.transitions.first { $0.change == .entered })
        #expect(seconds(entered.at) < 150)
        #expect(air.count(.left) == 0)
        #expect(air.status()?.findings.contains(.suspect) == true)
    }

    @Test func aCounterfeiterThatComesBackStillEntersNone() {
        let air = PresenceAir(fleet(100))
        for _ in 0..<3 {
            for packet in 0..<1_000 {
                air.hear(beacon(packet % 100), from: device(666))
                if packet % 100 == 99 { air.pass(0.5) }
            }
            // Long enough for its addresses to be taken off the index.
            air.pass(200)
        }
        #expect(air.count(.entered) == 0)
    }

    @Test func onePacketHeardByManyRadiosIsOnePacket() {
        let air = PresenceAir(fleet(1))
        for _ in 0..<2 {
            for radio in UInt8(0)..<4 {
                air.hear(beacon(0), radio: radio)
                air.now += 0.004
            }
            air.pass(2)
        }
        #expect(air.count(.entered) == 0)
        air.hear(beacon(0))
        #expect(air.count(.entered) == 1)
    }

    @Test func forgedPacketsDoNotKeepABeaconHere() {
        let air = PresenceAir(fleet(1), seed: 8)
        air.hear(beacon(0), times: 20, every: 0.5)
        for _ in 0..<600 {
            air.hear(
                beacon(0), from: DeviceAddress(bits: air.generator.next(), kind: .random))
            air.pass(0.1)
        }
        #expect(air.changes().filter { $0 == .entered || $0 == .left } == [.entered, .left])
    }

    @Test func forgedPacketsDoNotMoveItsSignal() throws {
        let air = PresenceAir(fleet(1), seed: 8)
        for _ in 0..<60 {
            air.hear(beacon(0), rssi: -75)
            for _ in 0..<20 {
                let address = DeviceAddress(bits: air.generator.next(), kind: .random)
                air.hear(beacon(0), from: address, rssi: -20, power: -90)
            }
            air.pass(0.5)
        }
        let status = try #require(air.status())
        #expect(try abs(#require(status.rssi) + 75) < 0.01)
        #expect(status.measuredPower == -59 && status.proximity == .far)
        #expect(status.interval == 500_000_000)
        #expect(air.count(.raised(.intervalDrift)) == 0)
    }

    @Test(arguments: [2, 4, 5, 8])
    func devicesThatShareAnIdentifierEnter(devices: Int) throws {
        let air = PresenceAir(fleet(1), seed: UInt64(devices))
        for number in 0..<devices {
            air.emitters.append(
                Emitter(id: beacon(0), address: device(UInt64(number)), interval: 1))
        }
        air.run(until: 60)
        let entered = try #require(air.transitions.first { $0.change == .entered })
        #expect(seconds(entered.at) < 5)
    }

    @Test func strangersNeverTakeAConfiguredPlace() {
        var settings = PresenceSettings()
        settings.unknownCapacity = 64
        let air = PresenceAir(fleet(500), settings: settings, seed: 9)
        for round in 0..<4 {
            for number in 0..<500 { air.hear(beacon(number), from: device(UInt64(number))) }
            air.pass(round < 3 ? 0.5 : 0)
        }
        #expect(air.presentCount == 500)
        for _ in 0..<100_000 {
            let word = air.generator.next()
            let id = BeaconID(
                format: .iBeacon, length: 20, high: word, middle: ~word, low: UInt32(word >> 40))
            let index = air.table.observe(
                id, address: DeviceAddress(bits: word, kind: .random), rssi: RSSI(-70),
                measuredPower: -59, radio: 0, at: time(air.now))
            if index >= 0 { Issue.record("\(id) is not configured") }
        }
        #expect(air.table.unknownBeacons().count == 64)
        #expect(air.table.strangerEvictions == 100_000 - 64)
        for number in 0..<500 {
            #expect(air.hear(beacon(number), from: device(UInt64(number))) == Int32(number))
        }
        #expect(air.presentCount == 500)
    }

    @Test func aFloodOfOnceHeardStrangersLeavesTheSteadyOnes() throws {
        let air = PresenceAir([], seed: 4)
        for _ in 0..<5 {
            for number in 0..<100 { air.hear(beacon(number), from: device(UInt64(number))) }
            air.pass(1)
        }
        for _ in 0..<20_000 {
            let word = air.generator.next()
            let id = BeaconID(format: .altBeacon, length: 20, high: word, middle: 1, low: 2)
            air.hear(id, from: DeviceAddress(bits: word, kind: .random))
        }
        let steady = air.table.unknownBeacons().filter { $0.id.format == .iBeacon }
        #expect(steady.count == 100)
        #expect(steady.allSatisfy { $0.adverts == 5 })
    }

    @Test(arguments: 0..<8)
    func everySeedFindsEveryBeacon(seed: UInt64) {
        let beacons = fleet(10_000)
        var table = PresenceTable(beacons: beacons, seed: seed &* 0x1234_5678, at: time(0))
        for (number, known) in beacons.enumerated() {
            let index = table.observe(
                known.id, address: device(1), rssi: RSSI(-60), measuredPower: -59, radio: 0,
                at: time(0))
            if index != Int32(number) { Issue.record("\(known.id): \(index)") }
        }
        let other = BeaconID(format: .altBeacon, length: 20, high: 0, middle: 0, low: 0)
        let index = table.observe(
            other, address: device(1), rssi: RSSI(-60), measuredPower: -59, radio: 0, at: time(0))
        #expect(index == -1)
    }
}
