internal import CLinux
internal import Synchronization

/// Whether a time service keeps the wall clock: asked for every event, on any thread.
///
/// The kernel knows (adjtimex(2)), and a process without a sandbox may ask it. In hubd.service it
/// may not: adjtimex also sets clocks, so ProtectClock= keeps it away. There `TimeService` asks
/// somebody who may, now and then, and tells the answer here.
enum ClockState {
    private static let told = Atomic<Bool>(false)

    static var isSynchronised: Bool { kernel ?? told.load(ordering: .relaxed) }

    /// What the kernel says; nil when it does not answer us. TIME_ERROR means that nothing keeps
    /// the clock.
    static var kernel: Bool? {
        var state = timex()
        let result = unsafe adjtimex(&state)
        guard result >= 0 else { return nil }
        return result != TIME_ERROR && state.status & STA_UNSYNC == 0
    }

    static func tell(_ isSynchronised: Bool) {
        told.store(isSynchronised, ordering: .relaxed)
    }
}
