import EventLoop
import Testing

private typealias Instant = EventLoop.Instant

private func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

extension TimerQueue {
    /// Everything due at an instant, in order.
    fileprivate mutating func takeAll(at now: EventLoop.Instant) -> [Payload] {
        let limit = nextToken
        var taken: [Payload] = []
        while let payload = takeDue(at: now, before: limit) { taken.append(payload) }
        return taken
    }
}

@Suite("Timers fire once, in order, and never in a storm")
struct TimerQueueTests {
    @Test("the earliest deadline comes first, whatever the order of scheduling")
    func order() {
        var queue = TimerQueue<Int>()
        for deadline in [50, 10, 40, 20, 30] {
            _ = queue.schedule(at: at(Int64(deadline)), deadline)
        }
        #expect(queue.earliest == at(10))
        #expect(queue.takeAll(at: at(30)) == [10, 20, 30])
        #expect(queue.earliest == at(40))
        #expect(queue.takeAll(at: at(50)) == [40, 50])
        #expect(queue.earliest == nil)
    }

    @Test("timers due at one instant come in the order of scheduling")
    func ties() {
        var queue = TimerQueue<Int>()
        for number in 0..<100 { _ = queue.schedule(at: at(7), number) }
        #expect(queue.takeAll(at: at(7)) == Array(0..<100))
    }

    @Test("a timer is due at its deadline and not a nanosecond before")
    func boundary() {
        var queue = TimerQueue<String>()
        _ = queue.schedule(at: at(100), "x")
        #expect(queue.takeAll(at: at(99)) == [])
        #expect(queue.takeAll(at: at(100)) == ["x"])
    }

    @Test("a canceled timer never fires, and canceling twice is harmless")
    func cancel() {
        var queue = TimerQueue<String>()
        let first = queue.schedule(at: at(1), "first")
        _ = queue.schedule(at: at(2), "second")
        #expect(queue.cancel(first) == true)
        #expect(queue.cancel(first) == false)
        #expect(queue.takeAll(at: at(9)) == ["second"])
    }

    @Test("the token of a timer that fired cancels nothing")
    func staleToken() {
        var queue = TimerQueue<String>()
        let fired = queue.schedule(at: at(1), "fired")
        #expect(queue.takeAll(at: at(1)) == ["fired"])
        _ = queue.schedule(at: at(2), "waiting")
        #expect(queue.cancel(fired) == false)
        #expect(queue.count == 1)
    }

    @Test("timers scheduled while due ones are taken wait for the next time")
    func limit() {
        var queue = TimerQueue<String>()
        _ = queue.schedule(at: at(5), "old")
        let limit = queue.nextToken
        _ = queue.schedule(at: at(5), "new")
        #expect(queue.takeDue(at: at(5), before: limit) == "old")
        #expect(queue.takeDue(at: at(5), before: limit) == nil)
        #expect(queue.takeAll(at: at(5)) == ["new"])
    }

    @Test("a repeating timer keeps its rhythm")
    func repeating() {
        var queue = TimerQueue<String>()
        _ = queue.schedule(at: at(10), repeating: .nanoseconds(10), "tick")
        #expect(queue.takeAll(at: at(13)) == ["tick"])
        #expect(queue.earliest == at(20))
        #expect(queue.takeAll(at: at(20)) == ["tick"])
        #expect(queue.earliest == at(30))
    }

    @Test("a repeating timer fires once after a jump of ten years")
    func jump() {
        var queue = TimerQueue<String>()
        _ = queue.schedule(at: at(1_000_000_000), repeating: .seconds(1), "tick")
        let later = at(315_360_000_500_000_000)
        #expect(queue.takeAll(at: later) == ["tick"])
        #expect(queue.earliest == at(315_360_001_000_000_000))
    }

    @Test("instants at the ends of the clock's range do not trap")
    func extremes() {
        var queue = TimerQueue<String>()
        _ = queue.schedule(at: at(.max), repeating: .seconds(1), "max")
        _ = queue.schedule(at: at(.min), repeating: .seconds(Int64.max), "min")
        #expect(queue.takeAll(at: at(.max)) == ["min", "max"])
        #expect(at(.max).advanced(by: .seconds(1)) == at(.max))
        #expect(at(.min).advanced(by: .seconds(-1)) == at(.min))
        #expect(at(0).advanced(by: .seconds(Int64.max)) == at(.max))
        #expect(
            at(.min).duration(to: at(.max)) == .nanoseconds(Int64.max) + .nanoseconds(Int64.max)
                + .nanoseconds(1))
    }

    @Test("behaves like a sorted list under random use", arguments: 0..<50 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SplitMix(state: seed)
        var queue = TimerQueue<Int>()
        var model: [(deadline: Int64, number: Int, token: TimerQueue<Int>.Token)] = []
        var now: Int64 = 0
        for number in 0..<400 {
            switch random.next() % 4 {
            case 0, 1:
                let deadline = now + Int64(random.next() % 50)
                model.append((deadline, number, queue.schedule(at: at(deadline), number)))
            case 2:
                guard !model.isEmpty else { continue }
                let place = Int(random.next() % UInt64(model.count))
                #expect(queue.cancel(model.remove(at: place).token) == true)
            default:
                now += Int64(random.next() % 20)
                let due = model.filter { $0.deadline <= now }
                    .sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
                model.removeAll { $0.deadline <= now }
                #expect(queue.takeAll(at: at(now)) == due.map(\.number))
            }
            #expect(queue.count == model.count)
            #expect(queue.earliest == model.map(\.deadline).min().map(at))
        }
    }
}

/// SplitMix64: a seeded source of test choices.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
