import BeaconScanner
import EventLoop
import Outbox
import Synchronization

/// Carries committed events from the store's thread to the Hub, in order and in batches.
final class CommitFeed: Sendable {
    private let waiting = Mutex<[StoredEvent]>([])
    /// What takes them, on the Hub.
    @Hub var onCommit: (@Hub ([StoredEvent]) -> Void)?

    /// On the store's thread: never blocks.
    func publish(_ events: [StoredEvent]) {
        let isFirst = waiting.withLock { waiting in
            defer { waiting += events }
            return waiting.isEmpty
        }
        // One hop for all that comes until the Hub gets to it.
        if isFirst { Task { @Hub in self.deliver() } }
    }

    @Hub private func deliver() {
        let events = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        onCommit?(events)
    }
}

/// Takes the transitions of `Air`, which is made before whoever keeps them.
@Hub
final class TransitionFeed {
    var onTransition: ((Transition) -> Void)?

    func take(_ transition: Transition) { onTransition?(transition) }
}
