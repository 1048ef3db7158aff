internal import EventLoop

/// When bluetoothd is to be asked to start: not at once, because one that is being restarted comes
/// back by itself, and not often, because one that is masked never will.
struct ServiceStarter: Hashable, Sendable {
    private var delay = RetryDelay(from: .seconds(2), to: .seconds(64))
    /// When to ask; nil while it runs.
    private(set) var askAt: EventLoop.Instant?

    /// It has gone, or was not there in the first place.
    mutating func lost(at now: EventLoop.Instant) {
        delay.reset()
        askAt = now.advanced(by: delay.next())
    }

    /// It is there.
    mutating func found() { askAt = nil }

    /// Whether it has to be asked now; the next time comes later.
    mutating func isDue(at now: EventLoop.Instant) -> Bool {
        guard let askAt, now >= askAt else { return false }
        self.askAt = now.advanced(by: delay.next())
        return true
    }
}
