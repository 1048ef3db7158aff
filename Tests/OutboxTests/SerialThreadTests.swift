import Synchronization
import Testing

@testable import Outbox

@Suite("A thread of its own takes turns, keeps deadlines and ends")
struct SerialThreadTests {
    /// Counts turns, and tells when there were enough.
    final class Turns: Sendable {
        let count = Atomic<Int>(0)
        let ended = Mutex<CheckedContinuation<Void, Never>?>(nil)

        func add(_ limit: Int) {
            guard count.add(1, ordering: .relaxed).newValue == limit else { return }
            ended.withLock { $0?.resume() }
        }
    }

    /// What is kept between turns must not grow: a closure once did, by one layer each turn, and
    /// freeing it overflowed the stack.
    @Test func manyTurnsLeaveNothingBehind() async throws {
        let turns = Turns()
        let thread = SerialThread(name: "test")
        await withCheckedContinuation { continuation in
            turns.ended.withLock { $0 = continuation }
            thread.onTurn {
                turns.add(100_000)
                return 0
            }
            #expect(thread.start())
        }
        thread.stop()
    }

    @Test func deadlinesAreKept() async throws {
        let thread = SerialThread(name: "test")
        let begin = BootClock.now()
        let due = begin + 20_000_000
        await withCheckedContinuation { continuation in
            thread.onTurn {
                guard BootClock.now() >= due else { return due }
                thread.onTurn { nil }
                continuation.resume()
                return nil
            }
            #expect(thread.start())
        }
        #expect(BootClock.now() >= due)
        thread.stop()
    }
}
