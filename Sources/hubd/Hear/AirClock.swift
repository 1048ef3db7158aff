import BeaconScanner
import EventLoop

/// The time in which beacons are heard.
///
/// It is the boot clock, as long as radios listen to the present. A capture that is played faster
/// than it was recorded has its own time, which runs ahead; from then on the air's time is the
/// boot clock with that lead. It never goes back.
struct AirClock {
    private var lead: Int64 = 0

    /// The air's time at an instant of the boot clock.
    func time(at instant: EventLoop.Instant) -> BootTime {
        BootTime(nanoseconds: instant.nanoseconds &+ lead)
    }

    /// A capture has come to this time.
    mutating func advance(to time: BootTime, at instant: EventLoop.Instant) {
        lead = max(lead, time.nanoseconds &- instant.nanoseconds)
    }
}
