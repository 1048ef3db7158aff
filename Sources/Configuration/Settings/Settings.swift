public import BeaconScanner

/// What `/etc/hubd/hubd.json5` and its drop-ins say. Every setting has a default but for what
/// nobody can guess, so an empty object is a configuration.
///
/// Relative paths start at the directory of the main file. `null` stands for "as if it were not
/// there", so that a drop-in can take a setting back.
public struct Settings: Hashable, Sendable {
    /// `hub`: what this box is.
    public struct Hub: Hashable, Sendable {
        /// `id`: its name in every event, `urn:hubd:<id>`; letters, digits, `.`, `-` and `_`, at
        /// most 64. Nil stands for the machine's host name.
        public var id: String?
        /// `timezone`: whose wall clock campaigns go by, a name of the tz database such as
        /// `Asia/Shanghai`. Nil stands for the system's.
        public var timezone: String?

        /// Makes the settings of a hub.
        public init(id: String? = nil, timezone: String? = nil) {
            self.id = id
            self.timezone = timezone
        }
    }

    /// `broadcast`: the iBeacon that the hub itself sends.
    public struct Broadcast: Hashable, Sendable {
        /// `id`: `UUID/MAJOR/MINOR`.
        public var id: BeaconID
        /// `measuredPower`: what a receiver at 1 m measures, in dBm; −59 unless said otherwise.
        public var measuredPower: Int8
        /// `adapter`: the adapter that sends it, by address or number; nil takes the first that can.
        public var adapter: String?

        /// Makes the settings of a broadcast.
        public init(id: BeaconID, measuredPower: Int8 = -59, adapter: String? = nil) {
            self.id = id
            self.measuredPower = measuredPower
            self.adapter = adapter
        }
    }

    /// `store`: where events are kept.
    public struct Store: Hashable, Sendable {
        /// `path`: the database file.
        public var path: String
        /// `quota`: how many bytes it may take, from 1 MiB to 1 TiB, as `"128MiB"`.
        public var quota: Int64

        /// Makes the settings of a store.
        public init(path: String = "/var/lib/hubd/hubd.db", quota: Int64 = 128 << 20) {
            self.path = path
            self.quota = quota
        }
    }

    /// `bus`: where hubd serves its D-Bus name.
    public enum Bus: Hashable, Sendable {
        /// `"system"`, the default.
        case system
        /// `"session"`, for development.
        case session
        /// A D-Bus address such as `"unix:path=/run/hubd-test/bus"`.
        case address(String)
    }

    /// `presence`: what differs from building to building. Nil stands for the scanner's default.
    public struct Presence: Hashable, Sendable {
        /// `pathLoss`: the exponent of the distance estimate, 1 to 6; 2 in a free hall, 3 to 4
        /// between shelves and people.
        public var pathLoss: Double?
        /// `leaveAfter`: after how long without a report a beacon has left, 1 s to 1 h, as `"30s"`.
        public var leaveAfter: Duration?
        /// `missingAfter`: after how long an unheard configured beacon is missing, 1 min to 30 d.
        public var missingAfter: Duration?

        /// Makes the settings of presence.
        public init(
            pathLoss: Double? = nil, leaveAfter: Duration? = nil, missingAfter: Duration? = nil
        ) {
            self.pathLoss = pathLoss
            self.leaveAfter = leaveAfter
            self.missingAfter = missingAfter
        }
    }

    /// What this box is.
    public var hub: Hub
    /// `radios`: where reports come from; without any the hub hears nothing.
    public var radios: [Radio]
    /// The iBeacon that the hub itself sends; nil for none.
    public var broadcast: Broadcast?
    /// `catalog`: the file with zones, beacons, merchants and campaigns; nil for none. With a
    /// service (`catalog.path`), the one that counts until the first pull.
    public var catalog: String?
    /// `catalog.url` or `catalog.mqtt` and what belongs to it: where the catalog comes from; nil for
    /// none.
    public var catalogService: CatalogService?
    /// Where events are kept.
    public var store: Store
    /// `sinks`: where events go; each gets all of them.
    public var sinks: [Sink]
    /// `devices`: the smart hardware this hub works with.
    public var devices: [Device]
    /// Where hubd serves its D-Bus name.
    public var bus: Bus
    /// What differs from building to building.
    public var presence: Presence

    /// Makes settings; without arguments the defaults.
    public init(
        hub: Hub = Hub(), radios: [Radio] = [], catalog: String? = nil, store: Store = Store(),
        sinks: [Sink] = [], devices: [Device] = [], bus: Bus = .system,
        presence: Presence = Presence(), broadcast: Broadcast? = nil,
        catalogService: CatalogService? = nil
    ) {
        self.hub = hub
        self.radios = radios
        self.broadcast = broadcast
        self.catalog = catalog
        self.catalogService = catalogService
        self.store = store
        self.sinks = sinks
        self.devices = devices
        self.bus = bus
        self.presence = presence
    }
}
