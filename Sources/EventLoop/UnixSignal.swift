internal import CLinux
internal import Glibc

/// The signals a daemon answers.
public enum UnixSignal: Int32, Hashable, Sendable, CaseIterable {
    /// Read the configuration again (SIGHUP).
    case hangUp = 1
    /// End, asked for at a terminal (SIGINT).
    case interrupt = 2
    /// End (SIGTERM).
    case terminate = 15

    /// Keeps these signals from killing the calling thread and every thread it starts later, so
    /// that a loop can take them; and lets writing to a closed socket fail instead of killing
    /// (SIGPIPE).
    ///
    /// Call it first in main, before any thread exists: a thread that does not block a signal is
    /// killed by it.
    public static func block() {
        var set = set(of: allCases)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = Glibc.signal(SIGPIPE, SIG_IGN)
    }

    static func set(of signals: [UnixSignal]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
        return set
    }
}

extension EventLoop {
    /// Calls `body` for each signal that arrives, after `UnixSignal.block()`.
    ///
    /// Several of one kind that arrive before the loop looks are one (signal(7)).
    public func onSignal(_ body: @escaping (UnixSignal) -> Void) throws(SystemError) -> Watch {
        var set = UnixSignal.set(of: UnixSignal.allCases)
        let source = try Source(
            kernel("signalfd") {
                unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
            })
        return try watch(source.descriptor, for: .readable) { _ in
            var info = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            while unsafe Glibc.read(source.descriptor.number, &info, size) == size {
                if let signal = UnixSignal(rawValue: Int32(truncatingIfNeeded: info.ssi_signo)) {
                    body(signal)
                }
            }
        }
    }

    /// Calls `body` whenever somebody sets the wall clock: NTP's first step, an administrator, a
    /// clock chip read late.
    ///
    /// Timers do not need it, they run on the boot clock. What depends on the date does. Slow
    /// corrections (slewing) are no jump and are not reported.
    public func onWallClockJump(_ body: @escaping () -> Void) throws(SystemError) -> Watch {
        let source = try Source(
            kernel("timerfd_create") {
                timerfd_create(CLOCK_REALTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
            })
        try source.armForJumps()
        return try watch(source.descriptor, for: .readable) { _ in
            var expirations: UInt64 = 0
            let size = MemoryLayout<UInt64>.size
            let count = unsafe Glibc.read(source.descriptor.number, &expirations, size)
            guard count < 0 && errno == ECANCELED else { return }
            // Stays canceled, and so readable, until it is set anew (timerfd_create(2)).
            try? source.armForJumps()
            body()
        }
    }

    /// A descriptor that lives as long as the closure that watches it.
    private final class Source {
        let descriptor: Descriptor

        init(_ number: Int32) { descriptor = Descriptor(owning: number) }

        /// Sets a timer that never fires in earnest: only its cancellation is of interest.
        func armForJumps() throws(SystemError) {
            var setting = itimerspec()
            setting.it_value.tv_sec = .max
            let flags = Int32(TFD_TIMER_ABSTIME) | Int32(TFD_TIMER_CANCEL_ON_SET)
            try kernel("timerfd_settime") {
                unsafe timerfd_settime(descriptor.number, flags, &setting, nil)
            }
        }
    }
}
