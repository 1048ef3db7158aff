import Checkup
import Configuration
import DBus
import EventLoop

/// The checks that only the daemon can make: with its rights, in its sandbox.
///
/// They connect to other machines, and everybody may ask for them: so however many ask, one run is
/// under way at a time, and whoever comes while it is, or just after, gets its result.
@Hub
final class Diagnosis {
    /// For so long a result is as good as a new one.
    private static let isFresh = Duration.seconds(2)

    private let look: @Hub (Settings, Int64) async -> [Check]
    private var isRunning = false
    private var waiting: [CheckedContinuation<[Check], Never>] = []
    private var last: (at: EventLoop.Instant, checks: [Check])?

    /// Makes one; the tests look elsewhere.
    init(look: @escaping @Hub (Settings, Int64) async -> [Check] = run) { self.look = look }

    /// The result of a run that is under way, has just ended, or begins now.
    ///
    /// Not by waiting for one another's tasks, see `Turn`. The callers that wait are no
    /// more than the places of their users' calls.
    func checks(_ settings: Settings, storeBytes: Int64) async -> [Check] {
        if isRunning { return await withCheckedContinuation { waiting.append($0) } }
        if let last, last.at.duration(to: Hub.loop.now) < Self.isFresh { return last.checks }
        isRunning = true
        let checks = await look(settings, storeBytes)
        isRunning = false
        last = (Hub.loop.now, checks)
        let others = waiting
        waiting = []
        for continuation in others { continuation.resume(returning: checks) }
        return checks
    }

    private static func run(_ settings: Settings, _ storeBytes: Int64) async -> [Check] {
        let store = settings.store
        let disk = await Sideline.run(limit: .seconds(2)) {
            Disk(of: Folder.of(store.path)).map {
                $0.checks(store: store.path, quota: store.quota, used: storeBytes)
            }
        }
        let hung = Check.failed(
            "disk", "", "the file system of \(store.path) does not answer",
            mend: "journalctl -k tells why")
        let room = (disk ?? nil) ?? [hung]
        var clock = Clock.present
        clock.isSynchronised = ClockState.isSynchronised
        return room + clock.checks(zone: settings.hub.timezone)
            + (await SinkCheckup.checks(settings.sinks))
            + (await CatalogCheckup.checks(settings))
    }
}

extension Fields {
    init(_ check: Check) {
        self.init()
        set("area", check.area)
        set("thing", check.thing.isEmpty ? nil : check.thing)
        set("state", check.state.rawValue)
        set("text", check.text)
        set("mend", check.mend.isEmpty ? nil : check.mend)
    }
}
