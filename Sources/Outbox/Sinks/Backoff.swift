/// How long to wait after failures: a random time between the base and twice as much with each
/// failure, up to a cap, so that hubs that failed together do not come back together.
package struct Backoff: Sendable {
    /// The shortest wait: no service is tried more than once a second while it is down.
    package var base: Duration = .seconds(1)
    /// The longest wait: a service that comes back is used again within five minutes.
    package var cap: Duration = .seconds(300)
    /// The shortest wait after a certificate that cannot be trusted: it will not mend itself.
    package var untrusted: Duration = .seconds(60)
    /// The longest wait a service may ask for.
    package var longest: Duration = .seconds(3_600)

    private var failures = 0

    /// The waits of real life; only tests are in more of a hurry.
    package init() {}

    /// The waits of a rig that has no time.
    package static var hurry: Backoff {
        var backoff = Backoff()
        backoff.base = .milliseconds(2)
        backoff.cap = .milliseconds(4)
        backoff.untrusted = .milliseconds(4)
        return backoff
    }

    /// The next wait, after one more failure; `random` picks from a range.
    mutating func next(
        after fault: SinkFault, asked: Duration?, random: (ClosedRange<Int64>) -> Int64
    ) -> Duration {
        next(isUntrusted: fault.isUntrusted, asked: asked, random: random)
    }

    /// The same for a failure of whatever kind.
    package mutating func next(
        isUntrusted: Bool, asked: Duration?, random: (ClosedRange<Int64>) -> Int64
    ) -> Duration {
        failures += 1
        // 2⁹ seconds are beyond the cap; more doublings could overflow with other bases.
        let top = min(cap, base * (1 << min(failures, 9)))
        let picked = random(base.nanoseconds...max(base.nanoseconds, top.nanoseconds))
        var wait = Duration.nanoseconds(picked)
        if isUntrusted { wait = max(wait, untrusted) }
        if let asked { wait = max(wait, min(asked, longest)) }
        return wait
    }

    /// Starts anew after a success.
    package mutating func reset() {
        failures = 0
    }
}
