internal import Synchronization

/// How the store is doing, from any thread, also while its disk does not answer.
public struct StoreHealth: Sendable, Equatable {
    /// What it can do just now.
    public enum State: String, Sendable {
        /// Everything.
        case well
        /// The disk has not answered for more than five seconds: events wait.
        case slow
        /// There is no room: events of value are refused.
        case full
        /// The disk or the database failed: it is opened again from time to time.
        case failed
        /// It is closed.
        case closed
    }

    /// What it can do just now.
    public var state: State
    /// Why, and how to mend it; empty when all is well.
    public var reason: String
    /// Events that wait for the disk.
    public var waiting: Int
    /// How long the disk has been at its present work.
    public var busyFor: Duration
}

/// What the store's thread leaves for others to see while it blocks.
final class StorePulse: Sendable {
    /// The longest a commit may take before it counts as slow: the daemon's deadline.
    static let deadline: Int64 = 5_000_000_000

    private struct Beat: Sendable {
        var state = StoreHealth.State.well
        var reason = ""
        var busySince: Int64?
    }

    private let beat = Mutex(Beat())

    /// Work with the disk begins or ends.
    func busy(since instant: Int64?) {
        beat.withLock { $0.busySince = instant }
    }

    /// The state changes.
    func enter(_ state: StoreHealth.State, _ reason: String = "") {
        beat.withLock {
            $0.state = state
            $0.reason = reason
        }
    }

    /// The state as the thread has left it.
    var state: StoreHealth.State { beat.withLock { $0.state } }

    /// Why it is in that state.
    var reason: String { beat.withLock { $0.reason } }

    /// What others see at `now`, on the boot clock.
    func health(waiting: Int, now: Int64) -> StoreHealth {
        let beat = beat.withLock { $0 }
        let busy = beat.busySince.map { max(0, now - $0) } ?? 0
        let isSlow = busy > Self.deadline && beat.state == .well
        return StoreHealth(
            state: isSlow ? .slow : beat.state,
            reason: isSlow
                ? "the disk has not answered for \(busy / 1_000_000_000) s" : beat.reason,
            waiting: waiting, busyFor: .nanoseconds(busy))
    }
}
