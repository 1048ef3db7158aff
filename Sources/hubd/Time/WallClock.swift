internal import Glibc

/// The time of day, and whether it can be believed.
struct WallClock {
    /// A reading of the clock.
    struct Reading {
        /// Nanoseconds since 1970-01-01 00:00 UTC.
        let unixNanoseconds: Int64
        /// Seconds east of Greenwich in the hub's time zone.
        let utcOffset: Int32
        /// Whether the kernel says that a time service keeps the clock.
        let isSynchronised: Bool

        var unixSeconds: Int64 {
            unixNanoseconds >= 0
                ? unixNanoseconds / 1_000_000_000 : (unixNanoseconds - 999_999_999) / 1_000_000_000
        }
    }

    /// Sets the hub's zone for the whole process; nil keeps the system's.
    ///
    /// The C library knows one zone a process. It is set once, before any thread is started:
    /// a change of environment under a running thread would be a race.
    static func setZone(_ name: String?) {
        if let name { unsafe setenv("TZ", ":" + name, 1) }
        tzset()
    }

    /// Whether the time zone database knows the name.
    static func knowsZone(_ name: String) -> Bool {
        guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            return false
        }
        var status = stat()
        let found = unsafe stat("/usr/share/zoneinfo/" + name, &status) == 0
        return found && status.st_mode & S_IFMT == S_IFREG
    }

    static func now() -> Reading {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let seconds = Int64(now.tv_sec)
        return Reading(
            unixNanoseconds: seconds &* 1_000_000_000 &+ Int64(now.tv_nsec),
            utcOffset: utcOffset(at: seconds), isSynchronised: ClockState.isSynchronised)
    }

    /// Nanoseconds since the machine was started, sleep included.
    static func bootNanoseconds() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &now)
        return Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
    }

    /// Seconds east of Greenwich at an instant: the zone's rules, daylight saving included.
    static func utcOffset(at unixSeconds: Int64) -> Int32 {
        var instant = time_t(unixSeconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&instant, &parts) != nil else { return 0 }
        return unsafe Int32(truncatingIfNeeded: parts.tm_gmtoff)
    }
}
