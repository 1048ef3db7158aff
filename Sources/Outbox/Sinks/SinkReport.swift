internal import Synchronization

/// How a sink is doing, as far as its courier knows. Read from other threads while it blocks.
final class SinkReport: Sendable {
    /// What is known.
    struct State: Sendable {
        /// Why it waits; nil when it delivers or has nothing to deliver.
        var fault: SinkFault?
        /// When it tries again, on the boot clock.
        var retryAt: Int64?
        /// Failed tries in a row.
        var failures = 0
        /// When it last took events, in nanoseconds since 1970.
        var lastDelivery: Int64?
    }

    private let state = Mutex(State())

    /// What is known now.
    var current: State { state.withLock { $0 } }

    /// The sink took events.
    func delivered(at unixNanoseconds: Int64) {
        state.withLock { $0 = State(lastDelivery: unixNanoseconds) }
    }

    /// The sink is well again, and took nothing.
    func recovered() {
        state.withLock { $0 = State(lastDelivery: $0.lastDelivery) }
    }

    /// The sink did not, and is tried again later.
    func failed(_ fault: SinkFault, retryAt: Int64) {
        state.withLock {
            $0.fault = fault
            $0.retryAt = retryAt
            $0.failures += 1
        }
    }
}
