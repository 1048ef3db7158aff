import DBus
import EventLoop

/// Asks systemd-timedated whether the clock is kept, where the kernel may not be asked.
///
/// org.freedesktop.timedate1(5): NTPSynchronized is what adjtimex(2) says, whichever time service
/// runs. The bus starts timedated for the question, and it ends by itself.
@Hub
final class TimeService {
    /// A clock that is no longer kept drifts by a few ms in this time.
    private static let period = Duration.seconds(60)

    private let connection: Connection
    private var isAsking = false

    /// - Parameter connection: our place on the system's bus.
    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Asks from now on.
    func start() {
        guard ClockState.kernel == nil else { return }
        refresh()
        Hub.loop.schedule(every: Self.period) { [weak self] in
            Hub.assumeIsolated { self?.refresh() }
        }
    }

    /// Asks now: the clock was set, or the bus has come back.
    func refresh() {
        guard ClockState.kernel == nil, !isAsking, case .connected = connection.state else {
            return
        }
        isAsking = true
        Task {
            ClockState.tell(await isSynchronised())
            isAsking = false
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
