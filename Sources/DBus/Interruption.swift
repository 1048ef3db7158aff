internal import EventLoop

/// A place where one task waits until something has changed or time is up.
@Hub
final class Interruption {
    private var waiting: CheckedContinuation<Void, Never>?
    private var timer: EventLoop.Timer?

    /// Waits for an interruption, or not at all when the condition is false by now; at most one
    /// task may wait.
    func wait(atMost duration: Duration? = nil, while condition: () -> Bool) async {
        await withCheckedContinuation { continuation in
            guard condition() else { return continuation.resume() }
            waiting = continuation
            timer = duration.map { Hub.loop.schedule(after: $0) { self.interrupt() } }
        }
    }

    /// Ends the wait, if there is one.
    func interrupt() {
        timer?.cancel()
        timer = nil
        waiting.take()?.resume()
    }
}
