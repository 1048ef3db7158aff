internal import Glibc

/// Keeps deliveries below a rate, also those that are too short for libcurl to slow down: it sends
/// what fits in its buffer at once.
struct Pacer {
    /// When the line is free again, on the boot clock.
    private var free: Int64 = 0

    /// Notes what was sent just now, at a rate in bytes a second.
    mutating func sent(_ bytes: Int, atMost rate: Int64?, now: Int64 = BootClock.now()) {
        guard let rate, rate > 0 else { return }
        let share = Int64(Double(bytes) / Double(rate) * 1e9)
        // What the transfer itself took is over already.
        free = max(free, started ?? now) + share
    }

    /// When the last delivery began.
    private var started: Int64?

    /// How long the line is still taken, in nanoseconds.
    func left(now: Int64) -> Int64 { max(0, free - now) }

    /// Blocks until the line is free, or until a deadline is set; looks ten times a second.
    mutating func wait(until deadline: Deadline) {
        while !deadline.isSet {
            let left = left(now: BootClock.now())
            if left == 0 { break }
            var time = timespec(tv_sec: 0, tv_nsec: Int(min(left, 100_000_000) - 1))
            unsafe nanosleep(&time, nil)
        }
        started = BootClock.now()
    }
}
