import BeaconScanner
import Testing

@Suite("A beacon enters when it is here and leaves when it is gone")
struct PresenceEnterLeaveTests {
    @Test(arguments: 1...20)
    func steadyBeacon(seed: UInt64) throws {
        let air = PresenceAir(fleet(1), seed: seed)
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 0.1, life: 5..<65)
        ]
        air.run(until: 120)
        #expect(air.changes().filter { $0 == .entered || $0 == .left } == [.entered, .left])
        let entered = try #require(air.transitions.first)
        #expect((6...6.4).contains(seconds(entered.at)))
        let left = try #require(air.transitions.last)
        // Ten seconds of silence, and at most one tick more.
        #expect((75...76.2).contains(seconds(left.at)))
        #expect(left.since == entered.at)
        #expect(try (64.8...65).contains(seconds(#require(left.lastHeard))))
        #expect(air.status()?.state == .absent)
    }

    @Test(arguments: 1...20)
    func lossyBeaconStays(seed: UInt64) {
        let air = PresenceAir(fleet(2), seed: seed)
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 0.5, loss: 0.5),
            Emitter(id: beacon(1), address: device(2), interval: 10, loss: 0.5),
        ]
        air.run(until: 3_600)
        #expect(air.count(.entered) == 2)
        #expect(air.count(.left) == 0)
    }

    @Test func slowBeaconEntersAfterThreeAdvertsAndHasTimeToLeave() throws {
        let air = PresenceAir(fleet(1))
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 10, life: 0..<600)
        ]
        air.run(until: 1_000)
        let entered = try #require(air.transitions.first { $0.change == .entered })
        let left = try #require(air.transitions.first { $0.change == .left })
        #expect((20...30.1).contains(seconds(entered.at)))
        let silence = try seconds(left.at) - seconds(#require(left.lastHeard))
        // Twelve intervals of 10 s, and at most one tick more.
        #expect((120...122).contains(silence))
    }

    @Test func leaveFollowsALearnedIntervalDown() throws {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 4, every: 9)
        air.hear(beacon(0), times: 600, every: 0.1)
        let last = air.now - 0.1
        air.pass(60)
        let left = try #require(air.transitions.first { $0.change == .left })
        #expect((10...17).contains(seconds(left.at) - last))
    }

    @Test func burstIsNoBeacon() {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 30, every: 0.03)
        #expect(air.transitions.isEmpty)
        #expect(air.status()?.state == .absent)
        air.hear(beacon(0), times: 5, every: 0.1)
        #expect(air.changes() == [.entered])
    }

    @Test func advertsMoreThanAMinuteApartAreNoBeacon() {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 10, every: 61)
        #expect(air.count(.entered) == 0)
    }

    @Test func thirdAdvertEntersExactlyAtASecond() {
        for (step, enters) in [(0.499, false), (0.5, true)] {
            let air = PresenceAir(fleet(1))
            air.hear(beacon(0), times: 3, every: step)
            #expect(air.changes() == (enters ? [.entered] : []))
        }
    }

    @Test func withoutSignalStrengthABeaconIsPresentAtUnknownProximity() throws {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 10, every: 0.5, rssi: 127)
        let status = try #require(air.status())
        #expect(status.state == .present)
        #expect(status.rssi == nil && status.distance == nil)
        #expect(status.proximity == .unknown)
        air.hear(beacon(0), times: 3, every: 0.5, rssi: -60)
        #expect(air.changes() == [.entered, .proximityChanged(from: .unknown)])
        #expect(air.status()?.proximity == .near)
    }

    @Test(arguments: [Int8(0), 1, 20, 127, -128, -127])
    func implausiblePowerGivesNoDistanceUntilTheCatalogHasOne(power: Int8) throws {
        var known = fleet(2)
        known[1].measuredPower = -59
        let air = PresenceAir(known)
        for _ in 0..<5 {
            air.hear(beacon(0), power: power)
            air.hear(beacon(1), from: device(2), rssi: -65, power: power)
            air.pass(0.5)
        }
        let bare = try #require(air.status(0))
        #expect(bare.state == .present)
        #expect(bare.proximity == .unknown && bare.distance == nil)
        let cataloged = try #require(air.status(1))
        #expect(cataloged.proximity == .near)
        #expect(try abs(#require(cataloged.distance) - 1.9953) < 1e-4)
    }
}
