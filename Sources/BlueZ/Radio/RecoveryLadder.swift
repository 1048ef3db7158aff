internal import EventLoop

/// What is tried about a radio that is silent without an error, and what was tried before.
struct RecoveryLadder: Hashable, Sendable {
    private enum Rung: Hashable {
        case none, restarted, cycled
    }

    /// Between two power cycles, and between two rounds after a verdict; doubled each time they
    /// bring nothing, up to sixteen times. habluetooth's users saw resets every few minutes make
    /// an adapter vanish altogether.
    private static let pause: Int64 = 600_000_000_000
    private static let doublings = 4
    /// Hearing that lasts for so long makes up for what was tried in vain. Longer than the longest
    /// `SilenceLimit`: somebody who passes by at night does not.
    private static let well: Int64 = 120_000_000_000

    private var rung = Rung.none
    private var hasCycled = false
    /// What was concluded; it stays while later rounds are tried.
    private var verdict: RadioState?
    private var verdictAt: EventLoop.Instant?
    private var rounds = 0
    private var lastCycle: EventLoop.Instant?
    private var vainCycles = 0
    /// Since when it hears without a silence that something was tried about.
    private var wellSince: EventLoop.Instant?

    /// Whether anything is being tried or was concluded.
    var isClimbed: Bool { rung != .none || verdict != nil }

    /// Whether hearing again means that something was mended: a quiet shop was not broken.
    var endsRecovered: Bool {
        if case .quiet = verdict { false } else { isClimbed }
    }

    /// What the radio is to be called; nil while it stands on no rung.
    var state: RadioState? {
        if let verdict { return verdict }
        switch rung {
        case .none: return nil
        case .restarted: return .recovering(.restart)
        case .cycled: return .recovering(.powerCycle)
        }
    }

    /// The radio hears.
    mutating func heard(at now: EventLoop.Instant) {
        if rung == .cycled { vainCycles = 0 }
        wellSince = wellSince ?? now
        rung = .none
        hasCycled = false
        verdict = nil
        verdictAt = nil
        rounds = 0
    }

    /// The radio does not listen any more: what it hears later is another beginning.
    mutating func interrupt() { wellSince = nil }

    /// Decides what to do about a silence.
    ///
    /// - Parameters:
    ///   - silence: since the last advertisement or the last thing tried, in nanoseconds.
    ///   - limit: how much is too much.
    ///   - now: the time.
    ///   - hearsElsewhere: whether another radio of the hub hears something now.
    ///   - hasLinks: whether devices are connected by this adapter. That they are is half a proof of
    ///     its health, and a power cycle would cut them off: it takes a proof of the contrary.
    /// - Returns: what to do now; nil for nothing.
    mutating func step(
        silence: Int64, limit: Int64, at now: EventLoop.Instant, hearsElsewhere: Bool,
        hasLinks: Bool = false
    ) -> RadioState.Recovery? {
        guard silence >= limit else {
            forgive(at: now)
            return nil
        }
        wellSince = nil
        switch rung {
        case .none:
            guard isRoundDue(limit: limit, at: now, hearsElsewhere) else { return nil }
            rung = .restarted
            return .restart
        case .restarted:
            guard mayCycle(at: now), !hasLinks || hearsElsewhere else {
                conclude(hearsElsewhere, at: now)
                return nil
            }
            rung = .cycled
            hasCycled = true
            lastCycle = now
            vainCycles += 1
            return .powerCycle
        case .cycled:
            conclude(hearsElsewhere, at: now)
            return nil
        }
    }

    /// A night in which power cycles brought nothing must not count against the next day.
    private mutating func forgive(at now: EventLoop.Instant) {
        guard let wellSince, now.nanoseconds &- wellSince.nanoseconds >= Self.well else { return }
        vainCycles = 0
    }

    private mutating func conclude(_ hearsElsewhere: Bool, at now: EventLoop.Instant) {
        rung = .none
        rounds += 1
        verdictAt = now
        // Deaf stays deaf until it hears: that the other radio is silent by now proves nothing.
        if case .deaf = verdict { return }
        verdict =
            hearsElsewhere
            ? .deaf(afterPowerCycle: hasCycled) : .quiet(afterPowerCycle: hasCycled)
    }

    private func isRoundDue(
        limit: Int64, at now: EventLoop.Instant, _ hearsElsewhere: Bool
    ) -> Bool {
        guard let verdictAt else { return true }
        let elapsed = now.nanoseconds &- verdictAt.nanoseconds
        // New evidence against a quiet shop: find out at once, and not only in ten minutes.
        if case .quiet = verdict, hearsElsewhere { return elapsed >= limit }
        return elapsed >= Self.wait(after: rounds)
    }

    private func mayCycle(at now: EventLoop.Instant) -> Bool {
        guard let lastCycle else { return true }
        return now.nanoseconds &- lastCycle.nanoseconds >= Self.wait(after: vainCycles)
    }

    private static func wait(after failures: Int) -> Int64 {
        pause << Int64(min(max(failures - 1, 0), doublings))
    }
}
