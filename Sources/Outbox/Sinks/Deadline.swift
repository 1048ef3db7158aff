internal import Synchronization

/// When a courier has to be done, on the boot clock; set from another thread while it blocks.
final class Deadline: Sendable {
    private let instant = Atomic<Int64>(.max)

    /// Sets it.
    func set(_ nanoseconds: Int64) {
        instant.store(nanoseconds, ordering: .releasing)
    }

    /// Whether it has been set.
    var isSet: Bool { instant.load(ordering: .acquiring) != .max }

    /// What is left of it, in nanoseconds; never negative.
    var left: Int64 {
        let instant = instant.load(ordering: .acquiring)
        return instant == .max ? .max : max(0, instant - BootClock.now())
    }
}
