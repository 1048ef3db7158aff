import Testing

@testable import Outbox

@Suite("What follows a delivery: who is at fault, what is sent next, and when")
struct DeliveryMachineTests {
    private func events(_ range: ClosedRange<Int64>) -> [StoredEvent] {
        range.map { StoredEvent(sequence: $0, id: .zero, hub: "", event: .test()) }
    }

    private let rejected = SinkFault(.rejected, "400")
    private let down = SinkFault(.serverError, "500")
    private let longest: (ClosedRange<Int64>) -> Int64 = \.upperBound

    @Test func successDoublesUpToTheMost() {
        var machine = DeliveryMachine(most: 100)
        _ = machine.finished(.rejected(rejected), of: events(1...100))
        #expect(machine.order == .oldest(50))
        #expect(machine.finished(.stored(place: 7), of: events(1...50)) == .confirm(place: 7))
        #expect(machine.order == .oldest(100))
    }

    /// What a sink takes at once is found and kept; one request in 64 is in vain.
    @Test(arguments: [1, 2, 3, 7, 100, 129, 200, 255])
    func whatIsTooMuchIsRemembered(taken: Int) throws {
        let tooLarge = SinkFault(.tooLarge, "413")
        var machine = DeliveryMachine(most: 256)
        var (accepted, refused, delivered) = (0, 0, 0)
        while accepted < 640 {
            guard case .oldest(let count) = machine.order else { break }
            let sent = events(1...Int64(count))
            if count > taken {
                refused += 1
                let action = machine.finished(.tooLarge(tooLarge), of: sent)
                if count > 1 { #expect(action == .wait(tooLarge, .seconds(1))) }
            } else {
                accepted += 1
                delivered += count
                _ = machine.finished(.stored(place: 0), of: sent)
            }
        }
        #expect(refused <= 12 + 640 / 64)
        #expect(delivered > accepted * taken * 4 / 5)
    }

    /// A restart in the middle of a streak does not make the events of it guilty.
    @Test func aStreakGoesOnAfterARestart() {
        var machine = DeliveryMachine(most: 10)
        machine.resume([.regular: [1, 2, 3, 4], .express: [9]])
        for sequence: Int64 in 11...13 {
            #expect(machine.order != .probe)
            for _ in 0..<DeliveryMachine.tries {
                _ = machine.finished(.rejected(rejected), of: events(sequence...sequence))
            }
        }
        #expect(machine.order == .probe)
        let action = machine.finished(.rejected(rejected), of: events(99...99), random: longest)
        #expect(
            action
                == .takeBack(
                    [.regular: [1, 2, 3, 4, 11, 12, 13], .express: [9]], rejected, .seconds(2)))
    }

    /// From 256 events to the guilty one: eight halvings and three tries, no more.
    @Test func bisection() {
        var machine = DeliveryMachine(most: 256)
        var requests = 0
        var sent = events(1...256)
        while true {
            requests += 1
            let action = machine.finished(.rejected(rejected), of: sent, random: longest)
            if action == .setAside(rejected) { break }
            guard case .oldest(let count) = machine.order else { break }
            sent = events(1...Int64(count))
        }
        #expect(sent.count == 1)
        #expect(requests == 8 + DeliveryMachine.tries)
        #expect(machine.order == .oldest(1))
    }

    @Test func failuresChangeNothingButTheWait() {
        var machine = DeliveryMachine(most: 10)
        for seconds in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            #expect(
                machine.finished(.failed(down, after: nil), of: events(1...10), random: longest)
                    == .wait(down, .seconds(seconds)))
            #expect(machine.order == .oldest(10))
        }
        _ = machine.finished(.stored(place: 0), of: events(1...10))
        #expect(
            machine.finished(.failed(down, after: nil), of: events(1...10), random: longest)
                == .wait(down, .seconds(2)))
    }

    private func setAside(_ count: Int64, _ machine: inout DeliveryMachine) {
        for sequence in 1...count {
            for _ in 0..<DeliveryMachine.tries {
                _ = machine.finished(.rejected(rejected), of: events(sequence...sequence))
            }
        }
    }

    @Test func aSinkThatRefusesEverythingGetsNothingSetAside() {
        var machine = DeliveryMachine(most: 10)
        setAside(Int64(DeliveryMachine.streakLimit), &machine)
        #expect(machine.order == .probe)
        let action = machine.finished(.rejected(rejected), of: events(99...99), random: longest)
        #expect(action == .takeBack([.regular: Array(1...8)], rejected, .seconds(2)))
        // Single events from now on, with longer and longer waits, until one is accepted.
        #expect(machine.order == .probe)
        #expect(
            machine.finished(.rejected(rejected), of: events(99...99), random: longest)
                == .wait(rejected, .seconds(4)))
        #expect(machine.order == .oldest(1))
        #expect(
            machine.finished(.stored(place: 0), of: events(1...1)) == .confirm(place: 0))
        #expect(machine.order == .oldest(10))
    }

    /// What the sink took after all must not be taken back with the others.
    @Test func anEventThatIsTakenAfterAllEndsTheStreak() {
        var machine = DeliveryMachine(most: 10)
        setAside(Int64(DeliveryMachine.streakLimit), &machine)
        machine.acceptedAgain()
        #expect(machine.order == .oldest(10))
        setAside(1, &machine)
        #expect(machine.order == .oldest(10))
    }

    private let denied = SinkFault(.denied, "403")

    /// From a denied batch to the guilty event: a probe, then halvings and three tries.
    @Test func oneEventIsDenied() {
        var machine = DeliveryMachine(most: 256)
        _ = machine.finished(.denied(denied), of: events(1...256))
        #expect(machine.order == .probe)
        #expect(machine.finished(.stored(place: 0), of: events(256...256)) == .goOn)
        var requests = 0
        while case .oldest(let count) = machine.order {
            requests += 1
            let action = machine.finished(.denied(denied), of: events(1...Int64(count)))
            if action == .setAside(denied) { break }
        }
        #expect(requests == 7 + DeliveryMachine.tries)
        #expect(machine.order == .oldest(1))
    }

    /// A probe that is taken ends no search: events of the other lane would begin it anew.
    @Test func theSearchStaysInItsLane() {
        var machine = DeliveryMachine(most: 256)
        #expect(machine.isSettled)
        _ = machine.finished(.denied(denied), of: events(1...256))
        #expect(machine.finished(.stored(place: 0), of: events(256...256)) == .goOn)
        #expect(!machine.isSettled)
        _ = machine.finished(.stored(place: 0), of: events(1...128))
        #expect(machine.isSettled)
    }

    /// Three tries are those of one event: another may have taken the place of the first meanwhile,
    /// which grew too old or gave way.
    @Test func triesAreOfOneEvent() {
        var machine = DeliveryMachine(most: 1)
        for _ in 1..<DeliveryMachine.tries {
            _ = machine.finished(.rejected(rejected), of: events(1...1))
        }
        for _ in 1..<DeliveryMachine.tries {
            let action = machine.finished(.rejected(rejected), of: events(2...2), random: longest)
            guard case .wait = action else { Issue.record("\(action)"); return }
        }
        #expect(machine.finished(.rejected(rejected), of: events(2...2)) == .setAside(rejected))
    }

    /// A wrong secret costs three requests, and nothing is set aside.
    @Test func everythingIsDenied() {
        var machine = DeliveryMachine(most: 10)
        var orders: [DeliveryMachine.Order] = []
        for _ in 0..<8 {
            orders.append(machine.order)
            let action = machine.finished(.denied(denied), of: events(1...1), random: longest)
            guard case .wait(denied, _) = action else { Issue.record("\(action)"); return }
        }
        #expect(
            orders == [
                .oldest(10), .probe, .oldest(1), .probe, .oldest(1), .probe, .oldest(1), .probe,
            ])
        #expect(
            machine.finished(.stored(place: 3), of: events(1...1)) == .confirm(place: 3))
        #expect(machine.order == .oldest(10))
    }

    /// The newest event may be the guilty one: the oldest speaks for the sink.
    @Test func theNewestIsDenied() {
        var machine = DeliveryMachine(most: 10)
        _ = machine.finished(.denied(denied), of: events(1...5))
        _ = machine.finished(.denied(denied), of: events(5...5))
        #expect(machine.order == .oldest(1))
        #expect(machine.finished(.stored(place: 1), of: events(1...1)) == .confirm(place: 1))
        #expect(machine.order == .oldest(2))
        _ = machine.finished(.denied(denied), of: events(2...3))
        #expect(machine.order == .oldest(1))
    }

    /// A sink that has something else against the newest event is particular, not closed.
    @Test func theNewestIsRefusedForItself() {
        var machine = DeliveryMachine(most: 10)
        _ = machine.finished(.denied(denied), of: events(1...4))
        _ = machine.finished(.rejected(rejected), of: events(4...4))
        #expect(machine.order == .oldest(2))
    }

    /// A secret that is withdrawn in the middle of a search takes back what was set aside for it.
    @Test func deniedInTheMiddleOfASearch() {
        var machine = DeliveryMachine(most: 10)
        _ = machine.finished(.denied(denied), of: events(1...2))
        _ = machine.finished(.stored(place: 0), of: events(2...2))
        for sequence in 1...Int64(DeliveryMachine.streakLimit) {
            for _ in 0..<DeliveryMachine.tries {
                _ = machine.finished(.denied(denied), of: events(sequence...sequence))
            }
        }
        #expect(machine.order == .probe)
        let action = machine.finished(.denied(denied), of: events(99...99), random: longest)
        #expect(action == .takeBack([.regular: Array(1...8)], denied, .seconds(2)))
    }

    @Test func anAcceptedProbeProvesTheOthersGuilty() {
        var machine = DeliveryMachine(most: 10)
        setAside(Int64(DeliveryMachine.streakLimit), &machine)
        #expect(machine.finished(.stored(place: 0), of: events(99...99)) == .goOn)
        #expect(machine.order == .oldest(10))
    }

    @Test func oneAcceptedEventEndsAStreak() {
        var machine = DeliveryMachine(most: 10)
        setAside(Int64(DeliveryMachine.streakLimit) - 1, &machine)
        _ = machine.finished(.stored(place: 0), of: events(50...50))
        setAside(1, &machine)
        #expect(machine.order != .probe)
    }
}

@Suite("Waits grow, are spread, and are bounded")
struct BackoffTests {
    private let fault = SinkFault(.refused, "")

    @Test func neverLessThanASecondNeverMoreThanTheCap() {
        var backoff = Backoff()
        var seen: Set<Int64> = []
        for _ in 0..<2_000 {
            let wait = backoff.next(after: fault, asked: nil) { .random(in: $0) }
            #expect(wait >= .seconds(1) && wait <= .seconds(300))
            seen.insert(wait.nanoseconds)
        }
        #expect(seen.count > 1_900)
    }

    @Test func whatIsAskedForIsHonored() {
        var backoff = Backoff()
        #expect(backoff.next(after: fault, asked: .seconds(120)) { $0.lowerBound } == .seconds(120))
        #expect(
            backoff.next(after: fault, asked: .seconds(86_400)) { $0.lowerBound } == .seconds(3_600)
        )
        #expect(backoff.next(after: fault, asked: .zero) { $0.lowerBound } == .seconds(1))
    }

    @Test(arguments: [
        SinkFault.Code.untrustedAuthority, .wrongName, .expired, .notYetValid, .untrusted,
    ])
    func certificatesWaitAMinute(code: SinkFault.Code) {
        var backoff = Backoff()
        let wait = backoff.next(after: SinkFault(code, ""), asked: nil) { $0.lowerBound }
        #expect(wait == .seconds(60))
    }
}

@Suite("Retry-After is seconds or a date, whatever a service writes")
struct RetryAfterTests {
    /// At Sun, 06 Nov 1994 08:49:37 GMT.
    let verdict = HTTPVerdict(host: "h", now: 784_111_777)

    @Test(arguments: [
        ("120", 120), (" 0\r\n", 0), ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("99999999999999999999", 86_400),
    ])
    func values(text: String, seconds: Int) {
        #expect(verdict.retryAfter(text) == .seconds(seconds))
    }

    @Test(arguments: ["", "soon", "-5", "\u{0}", "Sun, 99 Foo"])
    func nonsense(text: String) {
        #expect(verdict.retryAfter(text) == nil)
    }
}

@Suite("Base64 is what RFC 4648 says")
struct Base64Tests {
    /// RFC 4648, §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func vectors(plain: String, coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
        let bare = coded.filter { $0 != "=" }
        #expect(Base64.encode(Array(plain.utf8), alphabet: .urlSafe) == bare)
        #expect(Base64.decode(bare) == Array(plain.utf8))
    }

    @Test func everyByte() {
        let bytes = (UInt8.min...UInt8.max).map(\.self)
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.decode(Base64.encode(bytes, alphabet: .urlSafe)) == bytes)
    }

    @Test(arguments: ["Z", "Zm9vY", "Zg=", "Zg===", "Zm=9", "Zm9 v", "Zm9v\n", "=", "é"])
    func malformed(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
