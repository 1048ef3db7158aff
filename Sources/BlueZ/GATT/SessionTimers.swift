internal import EventLoop

/// What a session waits for, at most so long.
struct SessionTimers {
    /// The machine's own deadline.
    var machine: EventLoop.Timer?
    /// Nothing happens.
    var idle: EventLoop.Timer?
    /// The session as a whole.
    var whole: EventLoop.Timer?
    /// The services, then the goodbye.
    var step: EventLoop.Timer?

    mutating func cancelStep() {
        step?.cancel()
        step = nil
    }

    func cancel() {
        for timer in [machine, idle, whole, step] { timer?.cancel() }
    }
}
