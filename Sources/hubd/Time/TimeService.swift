import DBus
import EventLoop

/// Asks systemd-timedated whether the clock is kept, where the kernel may not be asked.
///
/// org.freedesktop.timedate1(5): NTPSynchronized is what adjtimex(2) says, whichever time service
/// runs. The bus starts timedated for the question, and it ends by itself.
@Hub
final class TimeService {
    /// The first pause between two questions; each is twice as long, up to an hour: every question
    /// starts timedated, which systemd notes in the journal. A clock that is set is asked about at
    /// once (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), and one that is kept stays so.
    private static let shortestPause = Duration.seconds(60)
    private static let longestPause = Duration.seconds(3_600)

    private let connection: Connection
    private var pause = shortestPause
    private var timer: EventLoop.Timer?
    private var isAsking = false

    /// - Parameter connection: our place on the system's bus.
    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Asks now, and from now on: at the start, when the clock was set, when the bus has come back.
    func refresh() {
        guard ClockState.kernel == nil else { return }
        pause = Self.shortestPause
        ask()
    }

    private func ask() {
        guard !isAsking, case .connected = connection.state else { return }
        isAsking = true
        timer?.cancel()
        Hub.start {
            ClockState.tell(await self.isSynchronised())
            self.isAsking = false
            self.timer = Hub.loop.schedule(after: self.pause) { [weak self] in
                Hub.assumeIsolated { self?.ask() }
            }
            self.pause = min(self.pause * 2, Self.longestPause)
        }
    }

    /// No answer means no: nothing vouches for the clock then.
    private func isSynchronised() async -> Bool {
        let reply = try? await connection.call(
            "Get", of: "org.freedesktop.DBus.Properties", at: "org.freedesktop.timedate1",
            "/org/freedesktop/timedate1",
            [.string("org.freedesktop.timedate1"), .string("NTPSynchronized")])
        return reply?.first?.bool ?? false
    }
}
