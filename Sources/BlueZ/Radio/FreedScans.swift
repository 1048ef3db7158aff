internal import EventLoop

/// How often an adapter was freed from the scan of a bluetoothd that had died, by switching it off
/// and on: a power cycle beside the ladder's.
///
/// Each bluetoothd may be freed once, at once, since the radio hears again within a second that way
/// and not only after ten. One that dies all the time would so wear the adapter out; it waits the ten
/// seconds instead. An update restarts bluetoothd a few times, and the guest twenty times in two
/// minutes: neither comes to the bound.
struct FreedScans: Hashable, Sendable {
    private static let most = 24
    private static let window = Duration.seconds(600)

    private var times: [EventLoop.Instant] = []

    /// Takes note of one more; false when there were too many of late.
    mutating func mayFree(at now: EventLoop.Instant) -> Bool {
        times.removeAll { $0.duration(to: now) >= Self.window }
        guard times.count < Self.most else { return false }
        times.append(now)
        return true
    }
}
