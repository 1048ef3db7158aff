/// An instant on the boot clock (CLOCK_BOOTTIME), in nanoseconds.
///
/// It never goes back and goes on while the machine sleeps, so intervals measured with it are
/// true. It says nothing about the date: wall-clock time is a separate value.
public struct BootTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the machine was started.
    public var nanoseconds: Int64

    /// Makes an instant from nanoseconds since boot.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Orders by time.
    @inlinable
    public static func < (left: BootTime, right: BootTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The time from `earlier` to this instant, in nanoseconds; negative when it lies after.
    ///
    /// The arithmetic wraps instead of trapping: a capture file chooses its own time stamps.
    @inlinable
    public func nanoseconds(since earlier: BootTime) -> Int64 {
        nanoseconds &- earlier.nanoseconds
    }
}
