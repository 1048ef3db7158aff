extension EventLoop {
    /// An instant on the boot clock (CLOCK_BOOTTIME), which runs on while the machine sleeps and
    /// never goes back.
    public struct Instant: InstantProtocol, Hashable, Sendable {
        /// Nanoseconds since the machine was started.
        public var nanoseconds: Int64

        /// Makes an instant from nanoseconds since boot.
        public init(nanoseconds: Int64) {
            self.nanoseconds = nanoseconds
        }

        /// Orders by time.
        public static func < (left: Instant, right: Instant) -> Bool {
            left.nanoseconds < right.nanoseconds
        }

        /// The instant this much later; the end of time (year 292 after boot) when it lies beyond.
        public func advanced(by duration: Duration) -> Instant {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
            guard overflow else { return Instant(nanoseconds: sum) }
            return Instant(nanoseconds: duration < .zero ? .min : .max)
        }

        /// The time from this instant to another.
        public func duration(to other: Instant) -> Duration {
            .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
        }
    }
}

extension Duration {
    /// Whole nanoseconds, held at the ends of the 64-bit range.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflow || overflow2 else { return sum }
        return seconds < 0 ? .min : .max
    }
}
