import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("Everything on the Hub runs on one thread")
struct HubTests {
    init() { HubThread.start() }

    @Test("tasks from many threads come together without losing one")
    func tasks() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1_000 {
                group.addTask { await counter.add() }
            }
        }
        await #expect(counter.count == 1_000)
        await #expect(counter.threads.count == 1)
    }

    @Test("boot-clock timers fire in order, and not early") @Hub
    func timers() async {
        let start = Hub.loop.now
        let order = await withCheckedContinuation { continuation in
            var order: [String] = []
            Hub.loop.schedule(after: .milliseconds(20)) {
                order.append("second")
                continuation.resume(returning: order)
            }
            Hub.loop.schedule(at: start.advanced(by: .milliseconds(10))) { order.append("first") }
        }
        #expect(order == ["first", "second"])
        #expect(start.duration(to: Hub.loop.now) >= .milliseconds(20))
    }

    @Test("a C callback on the loop's thread enters without a hop") @Hub
    func assumeIsolated() {
        let counter = Counter()
        Hub.assumeIsolated { counter.add() }
        #expect(counter.count == 1)
    }

    @Test("a manual loop made on the Hub gives Hub code its own time") @Hub
    func manualTimeOnTheHub() throws {
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        let counter = Counter()
        loop.schedule(after: .seconds(3_600)) { counter.add() }
        loop.advance(by: .seconds(3_599))
        #expect(counter.count == 0)
        loop.advance(by: .seconds(1))
        #expect(counter.count == 1)
    }

    @Test("a quiet loop does not turn")
    func idle() async throws {
        // A loop of its own: others use the Hub's meanwhile.
        let result = await #expect(processExitsWith: .success) {
            let turns = Hub.run { @Hub in
                let before = Hub.loop.progress
                await withCheckedContinuation { continuation in
                    Hub.loop.schedule(after: .milliseconds(200)) { continuation.resume() }
                }
                return Hub.loop.progress - before
            }
            // This turn, the one of the timer, the one of the continuation.
            exit(turns <= 3 ? 0 : Int32(turns))
        }
        _ = result
    }

    @Test("waiting needs no thread but the loop's, not even when all others are stuck")
    func onlyThread() async {
        await #expect(processExitsWith: .exitCode(42)) {
            // Should a wait go by way of Dispatch's pool, it ends behind these: let the kernel
            // end the process then.
            alarm(20)
            for _ in 0..<256 { Task.detached { while true { pause() } } }
            let count = Hub.run {
                let counter = Counter()
                for _ in 0..<10 {
                    await withCheckedContinuation { continuation in
                        Hub.start {
                            await withCheckedContinuation { inner in
                                Hub.loop.schedule(after: .milliseconds(1)) { inner.resume() }
                            }
                            counter.add()
                            continuation.resume()
                        }
                    }
                }
                return counter.threads.count == 1 ? counter.count : 0
            }
            exit(count == 10 ? 42 : 1)
        }
    }

    @Test("the loop cannot be touched from another thread")
    func foreignThread() async {
        await #expect(processExitsWith: .failure) {
            HubThread.start()
            Hub.loop.schedule(after: .seconds(1)) {}
        }
    }
}

@Hub
private final class Counter {
    var count = 0
    var threads: Set<UInt> = []

    func add() {
        count += 1
        threads.insert(UInt(pthread_self()))
    }
}

@Suite("Signals arrive as events, not as deaths")
struct SignalTests {
    @Test("a blocked signal reaches the loop, and a burst of one kind is one")
    func delivery() async {
        await #expect(processExitsWith: .exitCode(42)) {
            UnixSignal.block()
            let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
            var seen: [UnixSignal] = []
            _ = try loop.onSignal { seen.append($0) }
            for _ in 0..<3 { raise(SIGHUP) }
            raise(SIGTERM)
            loop.turn()
            raise(SIGINT)
            loop.turn()
            exit(seen == [.hangUp, .terminate, .interrupt] ? 42 : 1)
        }
    }

    @Test("a signal to the whole process ends a running loop in order")
    func processDirected() async {
        await #expect(processExitsWith: .exitCode(42)) {
            // The test process has threads that do not block the signal; a program blocks it
            // before it has any. So this one goes to the calling thread.
            UnixSignal.block()
            let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
            _ = try loop.onSignal { if $0 == .terminate { loop.stop() } }
            loop.schedule(after: .zero) { raise(SIGTERM) }
            loop.turn()
            loop.run()
            exit(42)
        }
    }

    @Test("writing to a closed pipe fails instead of killing")
    func brokenPipe() async {
        await #expect(processExitsWith: .exitCode(42)) {
            UnixSignal.block()
            var ends: [Int32] = [0, 0]
            unsafe pipe(&ends)
            close(ends[0])
            let written = unsafe write(ends[1], "x", 1)
            exit(written == -1 && errno == EPIPE ? 42 : 1)
        }
    }

    @Test("a wall clock that nobody sets reports no jump")
    func noJump() throws {
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        var jumps = 0
        let watch = try loop.onWallClockJump { jumps += 1 }
        loop.turn()
        watch.cancel()
        loop.turn()
        #expect(jumps == 0)
    }
}
