/// What the store needs to know.
public struct StoreSettings: Sendable {
    /// The database file; its folder must exist and be writable.
    public var path: String
    /// The hub's id, which is the `source` of its events.
    public var hub: String
    /// The most room the database takes, in bytes; half of the file system when that is less.
    public var quota: Int64
    /// How long events are kept for reading once every sink has them.
    public var retention: Duration
    /// Reads both clocks.
    public var clock: @Sendable () -> EventTime
    /// Called with each batch that has become durable, on the store's thread: it must not block.
    public var onCommit: @Sendable ([StoredEvent]) -> Void
    /// What an event is for those outside of the box: every sink gets it as this returns it. On the
    /// store's thread.
    public var outward: @Sendable (Event) -> Event = { $0 }
    /// Called about once a second, on the store's thread, while it opens the database and that
    /// takes long: it is brought forward, or saved.
    public var onLongWork: @Sendable () -> Void = {}
    /// When SQLite waits for the disk. Anything but full is for the rigs that show what is lost.
    package var synchronous: Synchronous = .full

    /// How long sinks wait after failures.
    package var backoff = Backoff()

    /// SQLite's `synchronous` setting.
    package enum Synchronous: String, Sendable {
        /// Every commit waits until the disk has it.
        case full = "FULL"
        /// Only checkpoints wait: a power cut takes back commits.
        case normal = "NORMAL"
        /// Nothing waits: for a file that takes the place of another only when it is on the disk.
        case off = "OFF"
    }

    /// 128 MiB hold more than 72 hours of one event a second.
    public static let defaultQuota: Int64 = 128 << 20
    /// Below 1 MiB there is no room for a batch and its bookkeeping.
    public static let smallestQuota: Int64 = 1 << 20

    /// Makes settings with the usual quota and retention.
    public init(
        path: String, hub: String, quota: Int64 = defaultQuota,
        retention: Duration = .seconds(7 * 86_400), clock: @escaping @Sendable () -> EventTime,
        onCommit: @escaping @Sendable ([StoredEvent]) -> Void = { _ in }
    ) {
        self.path = path
        self.hub = hub
        self.quota = quota
        self.retention = retention
        self.clock = clock
        self.onCommit = onCommit
    }
}
