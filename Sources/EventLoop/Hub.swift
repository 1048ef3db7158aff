internal import Synchronization

/// The one thread on which hubd hears, recognizes and decides.
///
/// Everything marked `@Hub` runs on `Hub.loop`: plain synchronous calls among each other, no locks.
/// `run` gives it a thread.
@globalActor
public actor Hub {
    /// The actor; only its isolation is used.
    public static let shared = Hub()

    /// The loop that runs everything marked `@Hub`.
    public static let loop: EventLoop = {
        do {
            return try EventLoop()
        } catch {
            preconditionFailure("no event loop, no program: \(error)")
        }
    }()

    /// The loop, as Swift's concurrency wants it.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe Hub.loop.asUnownedSerialExecutor()
    }

    /// Starts a task on the Hub; from any thread.
    ///
    /// Use it instead of `Task { @Hub in … }`. A continuation resumes its task by way of the task's
    /// preferred executor, and a plain task prefers Dispatch's pool: each wait would start or wake
    /// one of its threads, only to come back from there. A plain task also gives way to other work
    /// once more than it seems, between `await` and the body of `withCheckedContinuation`: check
    /// inside that body whether what is waited for has happened.
    public nonisolated static func start(_ body: @escaping @Hub () async -> Void) {
        Task(executorPreference: loop, operation: body)
    }

    /// Drives the loop on the calling thread until `body` has returned, and returns its result.
    ///
    /// Programs call it once, from main, which it blocks.
    public nonisolated static func run<Result: Sendable>(
        _ body: @escaping @Hub () async -> Result
    ) -> Result {
        let outcome = Outcome<Result>()
        start {
            let result = await body()
            outcome.result.withLock { $0 = result }
            loop.stop()
        }
        while true {
            loop.run()
            if let result = outcome.result.withLock({ $0 }) { return result }
        }
    }

    /// Enters the isolation without a hop, for C callbacks that run on the loop's thread already;
    /// traps on any other thread.
    public nonisolated static func assumeIsolated<Result, Failure: Error>(
        _ body: @Hub () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        loop.checkIsolated()
        // The cast only drops the isolation, which has just been checked; it is what the standard
        // library's MainActor.assumeIsolated does.
        return try withoutActuallyEscaping(body) { (escaping) throws(Failure) in
            try unsafe unsafeBitCast(escaping, to: (() throws(Failure) -> Result).self)()
        }
    }
}

/// Carries the result of `Hub.run` from its task to its caller.
private final class Outcome<Result: Sendable>: Sendable {
    let result = Mutex<Result?>(nil)
}
