import EventLoop
import Foundation

/// The thread that drives `Hub.loop` in the test process.
///
/// All test modules share one process and one Hub, so it is started once and never stopped.
public enum HubThread {
    /// Starts the thread, once. Call it in `init` of every suite that has `@Hub` tests.
    public static func start() { _ = started }

    private static let started: Bool = {
        let thread = Thread { Hub.loop.run() }
        thread.stackSize = 8 << 20
        thread.start()
        return true
    }()
}
