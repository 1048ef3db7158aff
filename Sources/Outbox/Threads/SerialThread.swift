internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread of its own for an actor that blocks: in fsync, or on a network.
///
/// The thread runs the jobs of the actor, and after each wake-up calls the actor's `turn`, which
/// does what is due and says when it wants to be called next. So an actor has jobs, posts from
/// other threads (`wake`) and timers in one place, without a task per timer.
///
/// It can be preferred by a task too: what resumes a continuation otherwise goes by way of Swift's
/// thread pool, which a daemon of few threads does not start for this.
///
/// Deadlines are on the boot clock; the kernel sleeps on the monotonic clock, so after a suspend a
/// deadline may be kept up to its length late.
final class SerialThread: SerialExecutor, TaskExecutor {
    /// The kernel shows the first 15 bytes (proc(5), comm).
    private let name: String
    private let bell: Int32
    private let jobs = Mutex<[UnownedJob]>([])
    private let identity = Atomic<UInt>(0)
    private let isStopping = Atomic<Bool>(false)
    private let turn = Mutex<Turn?>(nil)

    /// A closure in a box: taken out of a `Mutex` bare, it is wrapped once more each time.
    private struct Turn: Sendable {
        let body: @Sendable () -> Int64?
    }

    /// Enough for SQLite, libcurl with OpenSSL, and getaddrinfo, which take up to about 100 KiB.
    private static let stackSize = 512 * 1_024

    /// Makes the thread's queue; the thread starts with `start()`.
    init(name: String) {
        self.name = name
        bell = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit {
        if bell >= 0 { close(bell) }
    }

    /// Starts the thread; false when the machine has no more threads or descriptors to give.
    func start() -> Bool {
        guard bell >= 0 else { return false }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, Self.stackSize)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        guard unsafe pthread_create(&thread, &attributes, serialThreadMain, context.toOpaque()) == 0
        else {
            unsafe context.release()
            return false
        }
        return true
    }

    /// Sets what is called after each wake-up: it returns when it wants to be called again, in
    /// nanoseconds on the boot clock, or nil for not before the next wake-up.
    func onTurn(_ body: @escaping @Sendable () -> Int64?) {
        turn.withLock { $0 = Turn(body: body) }
        wake()
    }

    /// Makes the thread take a turn soon. From any thread; never blocks.
    func wake() {
        // The counter of an eventfd overflows after 2⁶⁴ − 2 writes nobody read: never.
        eventfd_write(bell, 1)
    }

    /// Ends the thread after the jobs it has. Nothing may be enqueued from then on.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let wasEmpty = jobs.withLock { queue in
            queue.append(unowned)
            return queue.count == 1
        }
        if wasEmpty { wake() }
    }

    func isIsolatingCurrentContext() -> Bool? {
        identity.load(ordering: .relaxed) == UInt(pthread_self())
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "called outside thread \(name)")
    }

    /// The thread's whole life.
    fileprivate func run() {
        identity.store(UInt(pthread_self()), ordering: .relaxed)
        nameThread()
        var batch: [UnownedJob] = []
        while true {
            jobs.withLock { swap(&$0, &batch) }
            for job in batch { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
            let ran = !batch.isEmpty
            batch.removeAll(keepingCapacity: true)
            let deadline = turn.withLock { $0 }?.body()
            if ran { continue }
            if isStopping.load(ordering: .acquiring) { return }
            sleep(until: deadline)
        }
    }

    /// Shows the name in top(1) and in stack traces; without /proc the thread stays nameless.
    /// (pthread_setname_np and prctl are not visible from Swift.)
    private func nameThread() {
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        unsafe write(file, name, name.utf8.count)
        close(file)
    }

    private func sleep(until deadline: Int64?) {
        var timeout: Int32 = -1
        if let deadline {
            // Rounded up, so that a turn is not taken just before it is due.
            let left = max(0, deadline - BootClock.now() + 999_999) / 1_000_000
            timeout = Int32(clamping: left)
        }
        var descriptor = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        if unsafe poll(&descriptor, 1, timeout) > 0 {
            var rings: eventfd_t = 0
            unsafe eventfd_read(bell, &rings)
        }
    }
}

/// The C entry point: at top level and nonisolated, so that it carries no isolation check.
private nonisolated func serialThreadMain(
    _ context: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe Unmanaged<SerialThread>.fromOpaque(context).takeRetainedValue().run()
    }
    return nil
}
