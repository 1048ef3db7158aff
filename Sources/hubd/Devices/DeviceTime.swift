import BeaconScanner
import EventLoop
import HardwareHub

extension DeviceClock {
    /// Both clocks as machines take them.
    init(_ wall: WallClock.Reading, boot: EventLoop.Instant) {
        self.init(
            boot: BootTime(nanoseconds: boot.nanoseconds), unixSeconds: wall.unixSeconds,
            utcOffset: wall.utcOffset, isSynchronized: wall.isSynchronised)
    }
}
