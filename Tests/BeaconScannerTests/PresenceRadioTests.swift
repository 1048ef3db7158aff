import BeaconScanner
import Testing

@Suite("The best radio says where a beacon is")
struct PresenceRadioTests {
    /// Three radios 20 m apart, each in a zone of its own, and a badge.
    private func aisle(seed: UInt64, zones: Bool = true) -> PresenceAir {
        let air = PresenceAir([KnownBeacon(id: beacon(0), isWorn: true)], seed: seed)
        air.radios = [(0, 0), (1, 20), (2, 40)]
        if zones {
            for radio in 0..<3 {
                air.table.assign(radio: UInt8(radio), zone: Int32(radio) + 10, at: time(0))
            }
        }
        return air
    }

    @Test(arguments: 1...20)
    func aWalkingBadgeMovesOnceFromZoneToZone(seed: UInt64) throws {
        let air = aisle(seed: seed)
        // A minute at each radio, walking at 1 m/s between.
        air.emitters = [
            Emitter(
                id: beacon(0), address: device(1), interval: 0.5, loss: 0.2,
                position: { now in
                    switch now {
                    case ..<60: 0.5
                    case ..<80: now - 59.5
                    case ..<140: 20.5
                    case ..<160: now - 119.5
                    default: 40.5
                    }
                })
        ]
        air.run(until: 220)
        let places = air.transitions.filter {
            switch $0.change {
            case .entered, .moved: true
            default: false
            }
        }
        #expect(places.map(\.zone) == [10, 11, 12])
        #expect(places.map(\.change) == [.entered, .moved(from: 10), .moved(from: 11)])
        for (place, arrival) in zip(places.dropFirst(), [80.0, 160]) {
            #expect(abs(seconds(place.at) - arrival) < 12)
        }
        #expect(air.status()?.zone == 12 && air.status()?.radio == 2)
    }

    @Test(arguments: 1...10)
    func halfWayBetweenTwoRadiosABadgeStaysWhereItIs(seed: UInt64) {
        let air = aisle(seed: seed)
        air.noise = 4
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 0.5, position: { _ in 10 })
        ]
        air.run(until: 600)
        let moves = air.transitions.count { if case .moved = $0.change { true } else { false } }
        #expect(moves <= 2, "\(moves) moves in 10 minutes")
    }

    @Test func withoutZonesTheRadioIsThePlace() {
        let air = aisle(seed: 1, zones: false)
        air.emitters = [
            Emitter(
                id: beacon(0), address: device(1), interval: 0.5,
                position: { $0 < 30 ? 0.5 : 19.5 })
        ]
        air.run(until: 60)
        let moves = air.transitions.filter { $0.change == .moved(from: nil) }
        #expect(moves.map(\.radio) == [1])
        #expect(moves.allSatisfy { $0.zone == nil })
    }

    @Test func aFixedBeaconDoesNotMove() {
        let air = PresenceAir([KnownBeacon(id: beacon(0), zone: 5)])
        air.radios = [(0, 0), (1, 20)]
        air.emitters = [
            Emitter(
                id: beacon(0), address: device(1), interval: 0.5,
                position: { $0 < 30 ? 0.5 : 19.5 })
        ]
        air.run(until: 60)
        #expect(air.status()?.radio == 1)
        #expect(air.transitions.allSatisfy { $0.zone == 5 })
        #expect(!air.changes().contains(.moved(from: 5)))
    }

    @Test func radiosInOneZoneAreOnePlace() {
        let air = aisle(seed: 2)
        air.table.assign(radio: 1, zone: 10, at: time(0))
        air.emitters = [
            Emitter(
                id: beacon(0), address: device(1), interval: 0.5,
                position: { $0 < 30 ? 0.5 : $0 < 60 ? 19.5 : 40 })
        ]
        air.run(until: 90)
        #expect(air.changes().contains(.moved(from: 10)))
        #expect(air.transitions.count { $0.change == .moved(from: 10) } == 1)
        #expect(air.status()?.zone == 12)
    }

    @Test func assigningARadioMovesWhatItHears() {
        let air = aisle(seed: 2)
        air.emitters = [Emitter(id: beacon(0), address: device(1), interval: 0.5)]
        air.run(until: 10)
        air.table.assign(radio: 0, zone: 99, at: time(air.now))
        air.run(until: 12)
        #expect(air.changes().suffix(1) == [.moved(from: 10)])
        #expect(air.status()?.zone == 99)
    }

    @Test func beaconsOnlyALostRadioHeardDoNotLeave() {
        let air = PresenceAir(fleet(2))
        for _ in 0..<10 {
            air.hear(beacon(0), from: device(1), radio: 0)
            air.hear(beacon(1), from: device(2), radio: 0)
            air.hear(beacon(1), from: device(2), radio: 1)
            air.pass(0.5)
        }
        air.table.radioLost(0, at: time(air.now))
        air.pass(3_600)
        // The second beacon was heard by a radio that still listens, and is silent there.
        #expect(air.changes(of: 0) == [.entered])
        #expect(air.changes(of: 1).prefix(2) == [.entered, .left])
        air.table.radioRestored(0, at: time(air.now))
        air.pass(9)
        #expect(air.changes(of: 0) == [.entered])
        air.pass(10)
        #expect(air.changes(of: 0) == [.entered, .left])
    }

    @Test func aReportFromALostRadioProvesThatItHears() {
        let air = PresenceAir(fleet(2))
        air.hear(beacon(0), times: 5, every: 0.5, from: device(1))
        air.table.radioLost(0, at: time(air.now))
        air.hear(beacon(1), from: device(2))
        air.pass(30)
        #expect(air.changes(of: 0) == [.entered, .left])
    }

    @Test func anotherRadioTakesOverFromALostOne() {
        let air = PresenceAir(fleet(1))
        for _ in 0..<10 {
            air.hear(beacon(0), rssi: -50, radio: 0)
            air.hear(beacon(0), rssi: -80, radio: 1)
            air.pass(0.5)
        }
        #expect(air.status()?.radio == 0)
        air.table.radioLost(0, at: time(air.now))
        air.hear(beacon(0), rssi: -80, radio: 1)
        #expect(air.status()?.radio == 1)
    }

    @Test func moreRadiosThanPlaces() throws {
        let air = PresenceAir(fleet(1))
        for _ in 0..<50 {
            for radio in UInt8(0)..<30 {
                // Radio 20 is clearly the nearest, and is heard last of all.
                air.hear(beacon(0), rssi: radio == 20 ? -50 : -85, radio: radio)
            }
            air.pass(0.2)
        }
        let status = try #require(air.status())
        #expect(status.radio == 20)
        #expect(try abs(#require(status.rssi) + 50) < 0.5)
        #expect(status.adverts == 1_500)
    }

    @Test func gapsAreThoseOfOneRadio() throws {
        let air = PresenceAir(fleet(1))
        air.radios = [(0, 2), (1, 2.1), (2, 2.2)]
        air.emitters = [Emitter(id: beacon(0), address: device(1), interval: 1)]
        air.run(until: 120)
        let interval = try #require(air.status()?.interval)
        #expect((990_000_000...1_020_000_000).contains(interval))
    }
}
