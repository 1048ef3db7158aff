internal import BeaconScanner
internal import HardwareHub

/// Measures a device by what no honest one does (reliability, F17).
///
/// What a session may take: 64 KiB of values that wait, the table of at most 2,048 characteristics
/// and a bounded number of actions: less than 256 KiB together.
struct SessionGuard {
    /// 50 values a second, measured over two.
    static let mostValues = 100
    static let window: Int64 = 2_000_000_000
    /// How often a device may change its services in one session.
    static let mostChanges = 3
    /// Bytes of values that wait.
    static let mostWaiting = 65_536
    /// Things that a driver has asked for and that are not done.
    static let mostActions = 512
    /// Findings that are being kept.
    static let mostKeeps = 64

    private var begin = BootTime(nanoseconds: .min)
    private var values = 0
    private var changes = 0
    private var isGone = false

    /// A value came.
    ///
    /// - Parameters:
    ///   - bytes: how long it is.
    ///   - wasAskedFor: whether the driver has asked for stored records, which come as fast as the
    ///     connection carries them, and which the driver bounds itself.
    ///   - now: the time.
    /// - Returns: what is wrong with that, if anything.
    mutating func value(
        _ bytes: Int, wasAskedFor: Bool = false, at now: BootTime
    ) -> DeviceFault? {
        guard bytes <= GATTObjects.longestValue else {
            return DeviceFault(.hostile, "it sent a value of more than 512 bytes")
        }
        if now.nanoseconds(since: begin) >= Self.window || begin.nanoseconds == .min {
            begin = now
            values = 0
        }
        guard !wasAskedFor else { return nil }
        values += 1
        guard values > Self.mostValues else { return nil }
        return DeviceFault(.hostile, "it sends more than 50 values a second")
    }

    /// Services came or went. Those that go together are one change.
    mutating func servicesChanged(isGone: Bool) -> DeviceFault? {
        defer { self.isGone = isGone }
        guard isGone, !self.isGone else { return nil }
        changes += 1
        guard changes > Self.mostChanges else { return nil }
        return DeviceFault(.hostile, "it changes its services again and again")
    }

    /// How much waits now.
    static func fault(waiting bytes: Int, actions: Int, keeps: Int) -> DeviceFault? {
        guard bytes <= mostWaiting, actions <= mostActions, keeps <= mostKeeps else {
            return DeviceFault(.hostile, "it sends more than the hub can keep up with")
        }
        return nil
    }
}
