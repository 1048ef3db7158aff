import BeaconScanner
import BlueZ
import Testing

private let second: Int64 = 1_000_000_000
private let year2026: Int64 = 1_795_000_000 * second

extension MonitorClock {
    /// The age of a frame in ns, by stamp and clocks.
    fileprivate mutating func age(_ stamp: Int64?, wall: Int64, boot: Int64) -> Int64 {
        let now = BootTime(nanoseconds: boot)
        return now.nanoseconds(since: time(stampedAt: stamp, wall: wall, boot: now))
    }
}

@Suite("A frame's time is the boot clock's, whatever happens to the wall clock")
struct MonitorClockTests {
    @Test("a frame is as old as its stamp says")
    func age() {
        var clock = MonitorClock()
        #expect(clock.age(year2026 - 300, wall: year2026, boot: 100 * second) == 300)
        #expect(clock.age(year2026 + 50, wall: year2026 + 50, boot: 100 * second + 50) == 0)
    }

    @Test("without a stamp it is now")
    func none() {
        var clock = MonitorClock()
        #expect(clock.age(nil, wall: year2026, boot: second) == 0)
    }

    @Test("a stamp of the future is now, one of long ago five seconds old")
    func held() {
        var clock = MonitorClock()
        #expect(
            clock.age(year2026, wall: year2026 + 3_600 * second, boot: 50 * second) == 5 * second)
        #expect(clock.age(year2026 + second, wall: year2026, boot: 51 * second) == 0)
    }

    @Test("the wall clock set ten years ahead or back between two batches moves no frame")
    func jumps() {
        for jump in [10 * 365 * 86_400 * second, -10 * 365 * 86_400 * second] {
            var clock = MonitorClock()
            #expect(clock.age(year2026 - 5_000, wall: year2026, boot: 90 * second) == 5_000)
            // Stamped before the jump, read after it.
            let read = clock.age(
                year2026 + second, wall: year2026 + jump + 2 * second, boot: 92 * second)
            #expect((0...(2 * second + 5_000)).contains(read))
            // Stamped and read after it.
            let after = year2026 + jump + 3 * second
            #expect(clock.age(after - 7, wall: after, boot: 93 * second) == 7)
        }
    }

    @Test("time never goes back from one frame to the next")
    func monotonic() {
        var clock = MonitorClock()
        var generator = SystemRandomNumberGenerator()
        var last = BootTime(nanoseconds: .min)
        for step in 0..<2_000 {
            let boot = BootTime(nanoseconds: Int64(step) * 1_000_000)
            let stamp = Int64.random(in: .min ... .max, using: &generator)
            let wall = Int64.random(in: .min ... .max, using: &generator)
            let time = clock.time(stampedAt: stamp, wall: wall, boot: boot)
            #expect(time >= last && time <= boot)
            last = time
        }
        for extreme in [Int64.min, .max, 0] {
            let boot = BootTime(nanoseconds: 3_000_000_000)
            #expect(clock.time(stampedAt: extreme, wall: .max, boot: boot) <= boot)
            #expect(clock.time(stampedAt: extreme, wall: .min, boot: boot) <= boot)
        }
    }
}
