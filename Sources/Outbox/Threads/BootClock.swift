internal import Glibc

/// The clock all deadlines are measured by: CLOCK_BOOTTIME, which never goes back and goes on
/// while the machine sleeps.
enum BootClock {
    /// Nanoseconds since the machine was started.
    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Holds the thread for so many nanoseconds, or for less when a signal comes.
    static func sleep(_ nanoseconds: Int64) {
        let (seconds, rest) = max(0, nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        unsafe nanosleep(&time, nil)
    }
}

extension Duration {
    /// The duration in whole nanoseconds, held within ±146 years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let limit: Int64 = 4_611_686_018
        return min(max(seconds, -limit), limit) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
