import BlueZ
import EventLoop
import Testing

@Suite("A radio that falls silent without an error is found out")
struct SilenceTests {
    @Test(arguments: [1, 5, 50, 1_000])
    func withinHalfAMinuteInAShop(perSecond: Int) throws {
        var rig = MachineRig.hearing(
            every: .nanoseconds(1_000_000_000 / perSecond), times: 10 * perSecond)
        let found = try #require(rig.time { $0 == .recovering(.restart) })
        #expect(found >= .seconds(15) && found <= .seconds(30))
        #expect(rig.take() == restart)
    }

    @Test func alsoWhenNothingWasEverHeard() throws {
        var rig = MachineRig.listening()
        let found = try #require(rig.time { $0 == .recovering(.restart) })
        #expect(found <= .seconds(30))
    }

    @Test func rareAdvertisementsAreNoSilence() {
        var rig = MachineRig.hearing(every: .seconds(20), times: 3)
        _ = rig.take()
        for _ in 0..<20 {
            rig.pass(.seconds(25))
            rig.hear()
        }
        // The first gap may be a surprise; the same gap is not one again and again.
        #expect(rig.take().count <= restart.count)
    }

    @Test func theLimitIsAMinuteAndAHalfAtMost() throws {
        var rig = MachineRig.hearing(every: .seconds(80), times: 20)
        let found = try #require(rig.time { $0 == .recovering(.restart) })
        #expect(found <= .seconds(91))
    }

    @Test func aRestartThatHelpsEndsIt() {
        var rig = MachineRig.hearing()
        rig.pass(.seconds(16))
        #expect(rig.machine.state == .recovering(.restart))
        #expect(!rig.machine.isTrusted)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.isTrusted)
        #expect(rig.machine.recoveries == 1)
        #expect(rig.take() == restart)
    }

    @Test func thenTheAdapterIsPowerCycled() throws {
        var rig = MachineRig.hearing()
        let cycled = try #require(rig.time { $0 == .recovering(.powerCycle) })
        #expect(cycled <= .seconds(32))
        #expect(rig.take() == restart + powerCycle)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 1)
    }

    @Test func thenItIsQuietAndNotBroken() throws {
        var rig = MachineRig.hearing()
        let reached = try #require(rig.time { $0 == .quiet(afterPowerCycle: true) })
        #expect(reached <= .seconds(48))
        #expect(!rig.machine.state.isProblem)
        #expect(rig.machine.state.text?.contains("probably no beacon") == true)
        // What is silent now is silent: beacons may leave.
        #expect(rig.machine.isTrusted)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 0, "an empty shop is not broken")
    }

    @Test func whenAnotherRadioHearsItIsDeaf() throws {
        var rig = MachineRig.hearing()
        rig.hearsElsewhere = true
        _ = try #require(rig.time { $0 == .deaf(afterPowerCycle: true) })
        #expect(rig.machine.state.isProblem)
        #expect(!rig.machine.isTrusted)
        rig.hearsElsewhere = false
        rig.pass(.seconds(7_200))
        #expect(rig.machine.state == .deaf(afterPowerCycle: true))
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 1)
    }

    @Test func aQuietRadioIsDoubtedAsSoonAsAnotherHears() throws {
        var rig = MachineRig.hearing()
        _ = rig.time { $0 == .quiet(afterPowerCycle: true) }
        rig.pass(.seconds(200))
        rig.hearsElsewhere = true
        let doubted = try #require(rig.time { $0.name == "deaf" })
        #expect(doubted <= .seconds(60))
    }

    /// A night without customers: the adapter is not reset to death.
    @Test func powerCyclesAreRareAndRarerTheLessTheyBring() {
        var rig = MachineRig.hearing()
        var cycles: [EventLoop.Instant] = []
        var restarts = 0
        for _ in 0..<(12 * 3_600) {
            rig.pass(.seconds(1))
            for request in rig.take() {
                if request == .setPowered(false) { cycles.append(rig.now) }
                if request == .stopDiscovery { restarts += 1 }
            }
        }
        let gaps = zip(cycles, cycles.dropFirst()).map { $0.duration(to: $1) }
        #expect(gaps.allSatisfy { $0 >= .seconds(600) })
        #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0 <= $1 + .seconds(60) })
        #expect((3...10).contains(cycles.count), "\(cycles.count) power cycles in a night")
        #expect(restarts <= 12)
        // One state all night: one line in the journal, and one in the morning.
        #expect(rig.states.count { $0.name == "quiet" } == 1)
        rig.hear()
        #expect(rig.machine.state == .hearing)
    }

    @Test func aRadioThatFallsSilentAgainAndAgainIsPowerCycledEveryTenMinutesAtMost() {
        var rig = MachineRig.hearing()
        var cycles: [EventLoop.Instant] = []
        for _ in 0..<7_200 {
            rig.pass(.seconds(1))
            if rig.take().contains(.setPowered(false)) {
                cycles.append(rig.now)
                // It helps each time, for half a minute.
                for _ in 0..<30 {
                    rig.hear()
                    rig.pass(.seconds(1))
                }
            }
        }
        let gaps = zip(cycles, cycles.dropFirst()).map { $0.duration(to: $1) }
        #expect(!gaps.isEmpty && gaps.allSatisfy { $0 >= .seconds(600) })
    }

    @Test func afterAQuietNightAnAdapterThatDiesIsPowerCycledAsOnTheFirstDay() throws {
        var rig = MachineRig.hearing()
        rig.pass(.seconds(12 * 3_600))
        #expect(rig.machine.state.name == "quiet")
        for _ in 0..<600 {
            rig.hear()
            rig.pass(.seconds(1))
        }
        _ = rig.take()
        let cycled = try #require(rig.time { $0 == .recovering(.powerCycle) })
        #expect(cycled <= .seconds(40))
        #expect(rig.take() == restart + powerCycle)
    }

    /// Who passes by at night proves nothing about the adapter's resets.
    @Test func oneWhoPassesByDoesNotMakePowerCyclesMoreFrequent() {
        var rig = MachineRig.hearing()
        var cycles = 0
        for second in 1...(12 * 3_600) {
            rig.pass(.seconds(1))
            if second % 1_200 == 0 { rig.hear() }
            if rig.take().contains(.setPowered(false)) { cycles += 1 }
        }
        #expect((3...10).contains(cycles), "\(cycles) power cycles in a night")
    }

    @Test func aFailureOnTheWayDoesNotLoseTheRung() throws {
        var rig = MachineRig.hearing()
        rig.answer = {
            $0 == .setPowered(true) ? .refused(name: "org.bluez.Error.Failed", text: "") : .done
        }
        _ = try #require(rig.time { $0.name == "refused" })
        rig.pass(.seconds(30))
        rig.answer = { _ in .done }
        rig.pass(.seconds(6))
        #expect(rig.machine.state == .recovering(.powerCycle))
        rig.pass(.seconds(16))
        #expect(rig.machine.state == .quiet(afterPowerCycle: true))
    }

    /// Beacons leave after ten seconds of silence: before that the whole radio must be in doubt.
    @Test func aSilentRadioIsNotTrustedBeforeBeaconsLeave() {
        for gap in [Duration.milliseconds(1), .milliseconds(100), .seconds(1)] {
            var rig = MachineRig.hearing(every: gap)
            #expect(rig.machine.isTrusted)
            rig.pass(.seconds(7))
            #expect(rig.machine.isTrusted)
            rig.pass(.seconds(2))
            #expect(!rig.machine.isTrusted)
            rig.hear()
            #expect(rig.machine.isTrusted)
        }
        var hasty = MachineRig(doubt: .seconds(2))
        hasty.appear()
        hasty.hear()
        hasty.pass(.seconds(3))
        #expect(!hasty.machine.isTrusted)
    }

    @Test func aLoneSlowBeaconIsTrustedBetweenItsAdvertisements() {
        var rig = MachineRig.hearing(every: .seconds(9), times: 20)
        rig.pass(.seconds(20))
        #expect(rig.machine.isTrusted)
    }
}
