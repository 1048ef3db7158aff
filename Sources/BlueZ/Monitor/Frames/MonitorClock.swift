public import BeaconScanner

/// Turns the kernel's time stamps, which are wall-clock time, into the boot clock.
///
/// The kernel stamps a frame when the adapter's driver hands it over, so the stamp knows nothing of
/// how long the frame waited in the socket. But somebody may set the wall clock between the stamp
/// and the reading. Therefore only the frame's age is taken from it, held between zero and
/// `longestAge`, and time never goes back from one frame to the next: the worst that a jump can do
/// is to make a few frames seem as old as the one before them.
public struct MonitorClock: Sendable {
    /// A frame that claims to have waited longer was stamped by another clock: the loop takes
    /// milliseconds, and a full socket is emptied within one turn after a stall.
    public static let longestAge: Int64 = 5_000_000_000

    private var latest = BootTime(nanoseconds: .min)

    /// Makes a clock that has seen nothing.
    public init() {}

    /// When a frame came.
    ///
    /// - Parameters:
    ///   - stamp: the kernel's stamp, in ns since 1970; nil when it gave none.
    ///   - wall: the wall clock now, in ns since 1970.
    ///   - boot: the boot clock now, read together with `wall`.
    /// - Returns: a time between `boot` − 5 s and `boot`, not before the last one returned.
    public mutating func time(stampedAt stamp: Int64?, wall: Int64, boot: BootTime) -> BootTime {
        let (age, overflow) = wall.subtractingReportingOverflow(stamp ?? wall)
        let held = overflow ? 0 : min(max(age, 0), Self.longestAge)
        let time = BootTime(nanoseconds: boot.nanoseconds &- held)
        latest = max(time, latest)
        return latest
    }
}
