import BeaconScanner
import BlueZ
import EventLoop
import Testing

@Suite("A radio does what is needed to hear, and no more")
struct RadioSetupTests {
    @Test func aReadyAdapterGetsAFilterAndDiscovery() {
        var rig = MachineRig()
        #expect(rig.machine.state == .starting)
        rig.appear()
        #expect(rig.take() == discovery)
        #expect(rig.machine.state == .listening)
        #expect(rig.machine.isTrusted)
        rig.pass(.seconds(5))
        #expect(rig.take().isEmpty)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 0)
    }

    @Test func anAdapterThatIsOffIsSwitchedOnFirst() {
        var rig = MachineRig(isPowered: false)
        rig.appear()
        #expect(rig.take() == [.setPowered(true)] + discovery)
        #expect(rig.machine.state == .listening)
    }

    @Test func onlyOneRequestIsOnItsWay() {
        var rig = MachineRig(isPowered: false)
        rig.answer = { _ in nil }
        rig.appear()
        rig.pass(.seconds(14))
        rig.tell { $0.isPowered = true }
        #expect(rig.take() == [.setPowered(true)])
    }

    @Test func anAnswerToAnOlderRequestChangesNothing() {
        var rig = MachineRig(isPowered: false)
        rig.answer = { _ in nil }
        rig.appear()
        let old = rig.open[0]
        rig.machine.serviceChanged(.absent(nil), at: rig.now)
        rig.answer = { $0 == .setFilter ? nil : .done }
        rig.appear()
        #expect(rig.take() == [.setPowered(true), .setPowered(true), .setFilter])
        rig.machine.answered(old, .refused(name: "org.bluez.Error.Failed", text: ""), at: rig.now)
        rig.machine.answered(old, .done, at: rig.now)
        #expect(rig.machine.state == .starting)
        #expect(rig.machine.nextRequest() == nil)
        rig.machine.answered(rig.open[1], .done, at: rig.now)
        rig.answer = { _ in .done }
        rig.proceed()
        #expect(rig.take() == [.startDiscovery])
        #expect(rig.machine.state == .listening)
    }

    @Test func retriesComeAfterTwoTenthsToFiveSeconds() throws {
        var rig = MachineRig()
        rig.answer = { _ in .refused(name: "org.bluez.Error.Failed", text: "no reason") }
        rig.appear()
        var waits: [Duration] = []
        for _ in 0..<8 {
            let retry = try #require(rig.machine.retryAt)
            waits.append(rig.now.duration(to: retry))
            #expect(rig.machine.state.name == "refused")
            #expect(rig.machine.state.text?.contains("org.bluez.Error.Failed: no reason") == true)
            rig.pass(rig.now.duration(to: retry))
        }
        let tenths = waits.map { Int(($0 / .milliseconds(100)).rounded()) }
        #expect(tenths == [2, 4, 8, 16, 32, 50, 50, 50])
        rig.answer = { _ in .done }
        rig.pass(.seconds(5))
        #expect(rig.machine.state == .listening)
    }

    @Test func nothingIsAskedWithoutBluetoothdOrAdapter() {
        var rig = MachineRig()
        rig.pass(.seconds(60))
        rig.machine.serviceChanged(.absent("it is masked"), at: rig.now)
        rig.pass(.seconds(60))
        #expect(rig.machine.state == .noService("it is masked"))
        #expect(rig.machine.state.text?.contains("it is masked") == true)
        rig.machine.serviceChanged(.mute("no answer"), at: rig.now)
        #expect(rig.machine.state.name == "refused")
        rig.machine.serviceChanged(.present, at: rig.now)
        let absence = RadioState.noAdapter(wanted: .name("hci7"), present: ["hci0 (00:1A)"])
        rig.machine.adapterChanged(nil, absence: absence, at: rig.now)
        rig.pass(.seconds(60))
        #expect(rig.machine.state == absence)
        #expect(rig.machine.state.text?.contains("hci7") == true)
        #expect(rig.take().isEmpty)
        #expect(!rig.machine.isTrusted)
        rig.machine.busChanged("no socket", at: rig.now)
        #expect(rig.machine.state == .noBus("no socket"))
    }

    @Test func discoveryOfOurOwnThatRunsAlreadyIsEnough() {
        var rig = MachineRig()
        rig.adapter.isDiscovering = true
        rig.answer = {
            $0 == .startDiscovery
                ? .refused(name: "org.bluez.Error.InProgress", text: "already in progress")
                : .done
        }
        rig.appear()
        #expect(rig.machine.state == .listening)
    }

    @Test func inProgressWithoutDiscoveryIsStoppedAndStarted() {
        var rig = MachineRig()
        var starts = 0
        rig.answer = { request in
            guard request == .startDiscovery else { return .done }
            starts += 1
            return starts == 1
                ? .refused(name: "org.bluez.Error.InProgress", text: "") : .done
        }
        rig.appear()
        #expect(rig.machine.state.name == "refused")
        rig.pass(.seconds(1))
        #expect(rig.take() == discovery + restart)
        #expect(rig.machine.state == .listening)
    }

    @Test func whatCannotBeStoppedIsNoObstacle() {
        var rig = MachineRig.hearing()
        rig.answer = {
            $0 == .stopDiscovery
                ? .refused(name: "org.bluez.Error.Failed", text: "No discovery started") : .done
        }
        rig.pass(.seconds(20))
        #expect(rig.take() == restart)
        #expect(rig.machine.state == .recovering(.restart))
    }
}

@Suite("A radio comes back from everything that happens to it")
struct RadioTroubleTests {
    @Test func aRestartedBluetoothdIsToldEverythingAnew() {
        var rig = MachineRig.hearing()
        for round in 1...100 {
            rig.machine.serviceChanged(.absent(nil), at: rig.now)
            #expect(rig.machine.state == .noService(nil))
            #expect(!rig.machine.isTrusted)
            rig.pass(.milliseconds(300))
            rig.adapter.isDiscovering = false
            rig.appear()
            // In the very step in which the name is back, not after a wait.
            #expect(rig.take() == discovery)
            #expect(rig.machine.state == .listening)
            rig.hear()
            #expect(rig.machine.recoveries == UInt64(round))
        }
    }

    @Test func aScanThatADeadServiceLeftIsEndedOnce() {
        var rig = MachineRig.hearing()
        rig.machine.serviceChanged(.absent(nil), at: rig.now)
        rig.adapter.isDiscovering = false
        rig.answer = {
            $0 == .startDiscovery
                ? .refused(name: "org.bluez.Error.InProgress", text: "already in progress") : .done
        }
        rig.appear()
        rig.pass(.milliseconds(200))
        #expect(rig.take() == discovery + restart + powerCycle)
        #expect(rig.machine.state.name == "refused")
        rig.pass(.seconds(60))
        #expect(!rig.take().contains(.setPowered(false)))
        // The next one is given the same chance.
        rig.machine.serviceChanged(.absent(nil), at: rig.now)
        rig.appear()
        rig.pass(.milliseconds(200))
        #expect(rig.take() == discovery + restart + powerCycle)
    }

    /// The guest kills bluetoothd twenty times in two minutes; each time it is to be freed at once.
    @Test func aBluetoothdThatDiesAllTheTimeDoesNotWearTheAdapterOut() {
        var rig = MachineRig.hearing()
        rig.answer = {
            $0 == .startDiscovery
                ? .refused(name: "org.bluez.Error.InProgress", text: "already in progress") : .done
        }
        func isFreed() -> Bool {
            rig.machine.serviceChanged(.absent(nil), at: rig.now)
            rig.adapter.isDiscovering = false
            rig.appear()
            rig.pass(.milliseconds(200))
            return rig.take().contains(.setPowered(false))
        }
        var freed: [Bool] = []
        for _ in 0..<100 {
            freed.append(isFreed())
            rig.pass(.seconds(5))
        }
        #expect(freed.prefix(20).allSatisfy { $0 })
        #expect(freed.count { $0 } <= 24)
        rig.pass(.seconds(600))
        #expect(isFreed(), "what is long ago does not count")
    }

    @Test func aReplugUnderAnotherNumberGoesOn() {
        var rig = MachineRig.hearing()
        rig.machine.adapterChanged(
            nil, absence: .noAdapter(wanted: .first, present: []), at: rig.now)
        #expect(rig.machine.state.name == "no-adapter")
        rig.pass(.seconds(100))
        #expect(rig.take().isEmpty)
        rig.adapter = Adapter(
            path: "/org/bluez/hci1", address: rig.adapter.address, isPowered: false)
        rig.machine.adapterChanged(rig.adapter, at: rig.now)
        let next = rig.machine.nextRequest()
        #expect(next?.request == .setPowered(true) && next?.path == "/org/bluez/hci1")
    }

    @Test func renumberingInOneStepStartsDiscoveryThere() {
        var rig = MachineRig.hearing()
        rig.adapter = Adapter(
            path: "/org/bluez/hci3", address: rig.adapter.address, isPowered: true)
        rig.tell { _ in }
        #expect(rig.take() == discovery)
    }

    @Test func whoeverSwitchesTheAdapterOffItIsSwitchedOn() {
        var rig = MachineRig.hearing()
        rig.tell {
            $0.isPowered = false
            $0.isDiscovering = false
        }
        #expect(rig.machine.state == .poweredOff)
        #expect(!rig.machine.isTrusted)
        rig.pass(.milliseconds(200))
        #expect(rig.take() == [.setPowered(true)] + discovery)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 1)
    }

    @Test func rfkillIsNamedAndEndsAtOnceWhenLifted() {
        var rig = MachineRig.hearing()
        rig.answer = {
            $0 == .setPowered(true) ? .refused(name: "org.bluez.Error.Blocked", text: "") : .done
        }
        rig.tell { $0.isPowered = false }
        rig.pass(.seconds(60))
        #expect(rig.machine.state == .blocked)
        #expect(rig.machine.state.text?.contains("rfkill unblock bluetooth") == true)
        _ = rig.take()
        rig.answer = { _ in .done }
        rig.tell { $0.isPowered = true }
        rig.machine.tick(at: rig.now, hearsElsewhere: false)
        rig.proceed()
        #expect(rig.take() == restart)
        #expect(rig.machine.state == .listening)
    }

    @Test func anAdapterThatIsNotReadyIsSwitchedOn() {
        var rig = MachineRig()
        rig.answer = { _ in .refused(name: "org.bluez.Error.NotReady", text: "") }
        rig.appear()
        #expect(rig.machine.state == .poweredOff)
    }

    @Test func discoveryThatOthersStopIsStartedAgain() {
        var rig = MachineRig.hearing()
        rig.tell { $0.isDiscovering = false }
        #expect(rig.machine.state == .hearing)
        rig.pass(.seconds(2))
        #expect(rig.machine.state == .discoveryStopped)
        rig.pass(.milliseconds(200))
        #expect(rig.take() == restart)
        #expect(rig.machine.state == .listening)
        rig.hear()
        #expect(rig.machine.recoveries == 1)
    }

    @Test func aPauseBetweenTwoRoundsOfAScanIsNone() {
        var rig = MachineRig.hearing()
        for _ in 0..<20 {
            rig.tell { $0.isDiscovering = false }
            rig.pass(.milliseconds(900))
            rig.tell { $0.isDiscovering = true }
            rig.hear()
            rig.pass(.seconds(5))
        }
        #expect(rig.take().isEmpty)
        #expect(rig.machine.state == .hearing)
    }

    @Test func aBluetoothdThatDoesNotAnswerIsNamed() {
        var rig = MachineRig()
        rig.answer = { _ in RadioAnswer.none }
        rig.appear()
        #expect(rig.machine.state == .unresponsive)
        rig.answer = { _ in .done }
        rig.pass(.milliseconds(200))
        #expect(rig.machine.state == .listening)
    }

    @Test func whatAnotherProgramsDiscoveryBringsMendsNothing() {
        var rig = MachineRig()
        rig.answer = { _ in .refused(name: "org.bluez.Error.Failed", text: "") }
        rig.appear()
        for _ in 0..<100 {
            rig.hear()
            rig.pass(.milliseconds(50))
        }
        #expect(rig.machine.state.name == "refused")
        #expect(rig.machine.recoveries == 0)
    }

    @Test func afterTroubleItHearsOnlyWhenItHears() {
        var rig = MachineRig()
        rig.answer = { _ in .refused(name: "org.bluez.Error.Failed", text: "") }
        rig.appear()
        rig.hear()
        rig.answer = { _ in .done }
        rig.pass(.seconds(5))
        #expect(rig.machine.state == .listening, "another program's scan is no evidence")
        #expect(rig.machine.recoveries == 0)
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.recoveries == 1)
    }

    @Test func whoeverSwitchesItOffAgainAndAgainIsAnsweredMoreAndMoreSlowly() throws {
        var rig = MachineRig.hearing()
        func wait() throws -> Int {
            rig.tell {
                $0.isPowered = false
                $0.isDiscovering = false
            }
            let retry = try #require(rig.machine.retryAt)
            let wait = rig.now.duration(to: retry)
            rig.pass(wait)
            rig.hear()
            return Int((wait / .milliseconds(100)).rounded())
        }
        var tenths: [Int] = []
        for _ in 0..<7 {
            tenths.append(try wait())
            rig.pass(.seconds(1))
        }
        #expect(tenths == [2, 4, 8, 16, 32, 50, 50])
        rig.pass(.seconds(11))
        #expect(try wait() == 2, "after that it had worked")
    }

    /// Whatever happens in whatever order: nothing traps, one request at a time, and when the
    /// world is well again the radio hears within the longest wait.
    @Test(arguments: 1...200)
    func anyOrderOfEvents(seed: UInt64) {
        var random = seed &* 0x9e37_79b9_7f4a_7c15
        func next(_ bound: UInt64) -> UInt64 {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return random % bound
        }
        var rig = MachineRig(isPowered: next(2) == 0)
        let answers: [RadioAnswer?] = [
            .done, .done, .done, RadioAnswer.none, nil,
            .refused(name: "org.bluez.Error.Blocked", text: ""),
            .refused(name: "org.bluez.Error.NotReady", text: ""),
            .refused(name: "org.bluez.Error.InProgress", text: ""),
            .refused(name: "org.bluez.Error.Failed", text: ""),
        ]
        for _ in 0..<300 {
            let choice = answers[Int(next(UInt64(answers.count)))]
            rig.answer = { _ in choice }
            rig.hearsElsewhere = next(3) == 0
            switch next(12) {
            case 0: rig.machine.serviceChanged(.absent(nil), at: rig.now)
            case 1: rig.machine.serviceChanged(.mute(""), at: rig.now)
            case 2: rig.machine.busChanged(next(2) == 0 ? "lost" : nil, at: rig.now)
            case 3: rig.machine.adapterChanged(nil, at: rig.now)
            case 4: rig.tell { $0.isPowered.toggle() }
            case 5: rig.tell { $0.isDiscovering.toggle() }
            case 6: rig.appear()
            case 7: rig.hear()
            case 8: rig.pass(.seconds(Int(next(100))))
            case 9: rig.machine.answered(next(50), .done, at: rig.now)
            case 10:
                if let token = rig.open.popLast() {
                    rig.machine.answered(token, choice ?? .done, at: rig.now)
                }
            default: rig.pass(.milliseconds(Int(next(1_000))))
            }
            rig.proceed()
        }
        rig.answer = { _ in .done }
        rig.machine.busChanged(nil, at: rig.now)
        rig.machine.serviceChanged(.absent(nil), at: rig.now)
        rig.appear()
        rig.pass(.seconds(6))
        rig.hear()
        #expect(rig.machine.state == .hearing)
        #expect(rig.machine.isTrusted)
    }
}
