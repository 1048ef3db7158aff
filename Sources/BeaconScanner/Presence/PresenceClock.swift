/// Time as far as it was observed.
///
/// A machine that sleeps, a process that is stopped and a scheduler that stalls have not seen
/// the beacons leave. So presence is measured on a clock of its own that adds up the steps
/// between calls, and leaves out every step longer than `PresenceRules.longestStep`: after it,
/// the radios start to listen anew and each beacon gets its whole silence again. For the same
/// reason nothing a capture file claims can hurt: a jump in either direction is left out, and a
/// small step back, as between two radios' queues, is no step at all.
struct PresenceClock: Sendable {
    /// Observed time in nanoseconds; starts at 0 and never goes back.
    private(set) var now: Int64 = 0
    /// The latest instant seen, on the caller's clock.
    private(set) var instant: BootTime

    init(at instant: BootTime) {
        self.instant = instant
    }

    /// Moves on to an instant.
    ///
    /// - Returns: whether the step was a jump, which the clock left out.
    @inline(__always)
    mutating func advance(to next: BootTime) -> Bool {
        let step = next.nanoseconds(since: instant)
        if step > 0, step <= PresenceRules.longestStep {
            now &+= step
            instant = next
            return false
        }
        if step <= 0, step >= -PresenceRules.longestStep { return false }
        instant = next
        return true
    }
}
