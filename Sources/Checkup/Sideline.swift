internal import EventLoop
internal import Glibc
internal import Synchronization

/// Runs what may block for long, such as the question to a name server, beside the loop, and waits
/// no longer than it was told to.
///
/// A thread that does not come back in time is left to itself, because nothing can end it safely;
/// what it brings is dropped. So that these do not pile up, only a few may be under way.
public enum Sideline {
    /// Threads under way at once; a service of few threads has room for this many.
    private static let most = 3
    private static let underWay = Atomic<Int>(0)

    /// Runs `body` on a thread of its own.
    ///
    /// - Parameters:
    ///   - limit: how long to wait for it.
    ///   - body: what to run; it must touch nothing but what it was given.
    /// - Returns: its result; nil when it took too long, or when there is no thread for it.
    @Hub
    public static func run<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable () -> Result
    ) async -> Result? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result?, Never>) in
            let waiting = Waiting(continuation)
            guard start({ waiting.resume(body()) }) else { return waiting.resume(nil) }
            Hub.loop.schedule(after: limit) { waiting.resume(nil) }
        }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let number = underWay.add(1, ordering: .relaxed).newValue
        guard number <= most, launch(Work(body)) else {
            underWay.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Enough for getaddrinfo(3) and libcurl with OpenSSL, which take up to about 100 KiB.
    private static let stackSize = 512 * 1_024

    private static func launch(_ work: Work) -> Bool {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackSize)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(work)
        guard unsafe pthread_create(&thread, &attributes, sidelineMain, context.toOpaque()) == 0
        else {
            unsafe context.release()
            return false
        }
        return true
    }

    fileprivate static func isOver() { underWay.subtract(1, ordering: .relaxed) }
}

/// What a thread is to do.
private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Who waits for a result: the thread or the clock answers, whichever is first.
private final class Waiting<Result: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Result?, Never>?>

    init(_ continuation: CheckedContinuation<Result?, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume(_ result: Result?) {
        continuation.withLock { $0.take() }?.resume(returning: result)
    }
}

/// The C entry point: at top level and nonisolated, so that it carries no isolation check.
private nonisolated func sidelineMain(
    _ context: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
    }
    Sideline.isOver()
    return nil
}
