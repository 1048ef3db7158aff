internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that waits for descriptors, timers and Swift jobs, and runs what is due.
///
/// Each turn runs three things in this order, each bounded, so that none starves the others:
/// 1. every descriptor that is ready, once (level-triggered: one that stays ready comes again in
///    the next turn, after the timers and the jobs);
/// 2. every timer that was due when the turn reached it, but none that was scheduled meanwhile;
/// 3. every Swift job that was enqueued before, but none that was enqueued meanwhile.
///
/// All state belongs to the thread that drives the loop. That is why closures need not be
/// `Sendable` and why every method checks the thread, except `enqueue`, `wake`, `stop` and
/// `progress`, which any thread may use. This is the project's only `@unchecked Sendable`: what
/// the compiler cannot see, `checkIsolated` enforces at run time.
///
/// A loop on manual time never looks at the clock of the machine and belongs to the thread that
/// made it; tests move its time with `advance(by:)`.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// Where the time comes from.
    public enum Time: Hashable, Sendable {
        /// CLOCK_BOOTTIME of the machine.
        case boot
        /// Only from `advance(by:)` and `jump(by:)`, from this instant on.
        case manual(startingAt: Instant)
    }

    private struct Watched {
        let number: Int32
        var interest: Interest
        let body: (Readiness) -> Void
    }

    /// Names in epoll's user data; watches count up from `first`, so that a report for a canceled
    /// watch never reaches a new one on the same descriptor number.
    private enum Source {
        static let wake: UInt64 = 0
        static let alarm: UInt64 = 1
        static let first: UInt64 = 2
    }

    private let poll: Descriptor
    private let wakeUp: Descriptor
    private let alarm: Descriptor
    private let thread: Atomic<UInt>
    private let stopping = Atomic<Bool>(false)
    private let turns = Atomic<UInt64>(0)
    private let queue = Mutex<[UnownedJob]>([])

    // From here on: touched on the loop's thread only.
    private let isManual: Bool
    private var manualNow: Instant
    private var jobs: [UnownedJob] = []
    private var watched: [UInt64: Watched] = [:]
    private var nextSource = Source.first
    private var timers = TimerQueue<() -> Void>()
    private var alarmSet: Instant?

    /// Makes a loop; it does nothing before it is driven.
    ///
    /// - Throws: when the process has no descriptors left.
    public init(time: Time = .boot) throws(SystemError) {
        poll = try Descriptor(
            owning: kernel("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        wakeUp = try Descriptor(
            owning: kernel("eventfd") { eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) })
        alarm = try Descriptor(
            owning: kernel("timerfd_create") {
                timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
            })
        switch time {
        case .boot:
            isManual = false
            manualNow = Instant(nanoseconds: 0)
            thread = Atomic(0)
        case .manual(let start):
            isManual = true
            manualNow = start
            thread = Atomic(UInt(pthread_self()))
        }
        try control(EPOLL_CTL_ADD, wakeUp.number, .readable, Source.wake)
        try control(EPOLL_CTL_ADD, alarm.number, .readable, Source.alarm)
    }

    // MARK: Driving

    /// Runs the loop on the calling thread until `stop()`.
    public func run() {
        let caller = UInt(pthread_self())
        let exchange = thread.compareExchange(
            expected: isManual ? caller : 0, desired: caller, ordering: .acquiringAndReleasing)
        precondition(exchange.exchanged, "the loop is already driven by another thread")
        while !stopping.exchange(false, ordering: .acquiringAndReleasing) {
            turn(waiting: true)
        }
        if !isManual { thread.store(0, ordering: .releasing) }
    }

    /// Makes `run()` return after the current turn; from any thread. A stop before `run()` counts.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        wake()
    }

    /// Makes the loop take a turn now, from any thread.
    public func wake() {
        // Fails only when the counter is full, and then the loop is awake anyway.
        eventfd_write(wakeUp.number, 1)
    }

    /// One turn of a manual loop, without waiting: what is ready or due now runs.
    public func turn() {
        precondition(isManual, "only a manual loop is turned by hand")
        checkIsolated()
        turn(waiting: false)
    }

    /// Lets time pass on a manual loop: takes a turn at each deadline on the way, and one at the end.
    public func advance(by duration: Duration) {
        precondition(isManual, "the boot clock cannot be moved")
        checkIsolated()
        let end = manualNow.advanced(by: duration)
        while let next = timers.earliest, next < end {
            manualNow = max(manualNow, next)
            turn(waiting: false)
        }
        manualNow = end
        turn(waiting: false)
    }

    /// Moves a manual loop's time in one step, as sleep or a stopped process does: one turn at the end.
    public func jump(by duration: Duration) {
        precondition(isManual, "the boot clock cannot be moved")
        checkIsolated()
        manualNow = manualNow.advanced(by: duration)
        turn(waiting: false)
    }

    /// Turns taken so far; from any thread. A loop that is busy but alive counts on, a wedged one
    /// does not.
    public var progress: UInt64 { turns.load(ordering: .relaxed) }

    /// The time now: of the machine's boot clock, or the manual one.
    public var now: Instant {
        if isManual { return manualNow }
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private func turn(waiting: Bool) {
        deliver(waiting: waiting)
        let present = now
        let limit = timers.nextToken
        while let body = timers.takeDue(at: present, before: limit) { body() }
        queue.withLock { swap(&$0, &jobs) }
        for job in jobs {
            // As both kinds of executor at once: a continuation's task comes here as to its task
            // executor and then needs no second pass to enter the Hub.
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        jobs.removeAll(keepingCapacity: true)
        turns.add(1, ordering: .relaxed)
    }

    /// Waits for descriptors, for no longer than until something else is due, and reports them.
    private func deliver(waiting: Bool) {
        let idle = waiting && setAlarm() && queue.withLock { $0.isEmpty }
        // 64: enough for every descriptor hubd ever has; more would come in the next turn.
        var events = unsafe InlineArray<64, epoll_event>(repeating: epoll_event())
        var span = unsafe events.mutableSpan
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe epoll_wait(poll.number, buffer.baseAddress, 64, idle ? -1 : 0)
        }
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let source = unsafe events[index].data.u64
            switch source {
            case Source.wake:
                var value: eventfd_t = 0
                unsafe eventfd_read(wakeUp.number, &value)
            case Source.alarm:
                var expirations: UInt64 = 0
                unsafe Glibc.read(alarm.number, &expirations, MemoryLayout<UInt64>.size)
                alarmSet = nil
            default:
                unsafe watched[source]?.body(Readiness(rawValue: events[index].events))
            }
        }
    }

    /// Sets the timer descriptor to the first deadline; false when that is already due.
    private func setAlarm() -> Bool {
        guard !isManual, let deadline = timers.earliest else { return true }
        guard deadline > now else { return false }
        guard deadline != alarmSet else { return true }
        alarmSet = deadline
        var setting = itimerspec()
        setting.it_value.tv_sec = time_t(deadline.nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(deadline.nanoseconds % 1_000_000_000)
        unsafe timerfd_settime(alarm.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
        return true
    }

    // MARK: Descriptors

    /// Calls `body` in every turn in which a descriptor is ready, until the watch is canceled.
    ///
    /// - Parameters:
    ///   - number: an open descriptor that can be polled: no regular file, and watched only once.
    ///   - interest: what to report.
    ///   - body: runs on the loop's thread.
    /// - Returns: what ends the watch.
    /// - Throws: EPERM for a regular file, EEXIST for one already watched, EBADF for a closed one.
    public func watch(
        _ number: Int32, for interest: Interest, _ body: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        checkIsolated()
        let source = nextSource
        if !interest.isEmpty { try control(EPOLL_CTL_ADD, number, interest, source) }
        nextSource += 1
        watched[source] = Watched(number: number, interest: interest, body: body)
        return Watch(loop: self, source: source)
    }

    /// The same for an owned descriptor.
    public func watch(
        _ descriptor: borrowing Descriptor, for interest: Interest,
        _ body: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        try watch(descriptor.number, for: interest, body)
    }

    func cancelWatch(_ source: UInt64) {
        checkIsolated()
        guard let entry = watched.removeValue(forKey: source), !entry.interest.isEmpty else {
            return
        }
        // A descriptor closed too early has left epoll by itself.
        try? control(EPOLL_CTL_DEL, entry.number, [], source)
    }

    func change(_ source: UInt64, to interest: Interest) throws(SystemError) {
        checkIsolated()
        guard let entry = watched[source], entry.interest != interest else { return }
        // Without interest it leaves epoll: hang-ups are always reported and would spin the loop.
        let operation =
            interest.isEmpty
            ? EPOLL_CTL_DEL : entry.interest.isEmpty ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        try control(operation, entry.number, interest, source)
        watched[source]?.interest = interest
    }

    private func control(
        _ operation: Int32, _ number: Int32, _ interest: Interest, _ source: UInt64
    ) throws(SystemError) {
        var event = unsafe epoll_event(
            events: interest.rawValue, data: epoll_data_t(u64: source))
        try kernel("epoll_ctl") { unsafe epoll_ctl(poll.number, operation, number, &event) }
    }

    // MARK: Timers

    /// Calls `body` once at an instant of the boot clock; soon, when that is past.
    @discardableResult
    public func schedule(at deadline: Instant, _ body: @escaping () -> Void) -> Timer {
        checkIsolated()
        // Not before now: due timers then stay in the order in which they were scheduled, which
        // `turn` relies on to stop at the first one added meanwhile.
        return Timer(
            loop: self, token: timers.schedule(at: max(deadline, now), body))
    }

    /// Calls `body` once, this much later; with zero, still in this turn when called from a
    /// descriptor, else in the next.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping () -> Void) -> Timer {
        schedule(at: now.advanced(by: delay), body)
    }

    /// Calls `body` again and again; rounds that were missed are not made up for.
    @discardableResult
    public func schedule(every interval: Duration, _ body: @escaping () -> Void) -> Timer {
        checkIsolated()
        let token = timers.schedule(at: now.advanced(by: interval), repeating: interval, body)
        return Timer(loop: self, token: token)
    }

    func cancelTimer(_ token: TimerQueue<() -> Void>.Token) {
        checkIsolated()
        timers.cancel(token)
    }

    // MARK: Executor

    /// Queues a Swift job; from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let isFirst = queue.withLock { queue in
            queue.append(unowned)
            return queue.count == 1
        }
        // One wake-up per burst, and none from the loop itself: it looks before it waits.
        if isFirst && !isOnThread { wake() }
    }

    /// Traps when the caller is not on the loop's thread.
    public func checkIsolated() {
        precondition(isOnThread, "called from another thread than the loop's")
    }

    /// Whether the caller is on the loop's thread.
    public func isIsolatingCurrentContext() -> Bool? { isOnThread }

    private var isOnThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }
}
