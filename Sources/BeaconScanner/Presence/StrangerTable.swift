/// The beacons no configuration knows, in fixed memory.
///
/// Buckets of eight; a newcomer takes a free place of its bucket or the one heard longest ago.
/// Beacons heard three times are given a minute's start, so that a flood of random identifiers,
/// each heard once, wears itself out on its own kind.
struct StrangerTable: ~Copyable, Sendable {
    private static let ways = 8
    /// How much older a beacon heard three times must be to go before one heard once.
    private static let credit = 60 * PresenceRules.second

    struct Stranger: Sendable {
        var id: BeaconID
        var address: AddressKey
        var signal: SignalTrack
        var firstHeardAt: BootTime
        var lastHeardAt: BootTime
        var adverts: UInt64
        var measuredPower: Int8
    }

    // Tags and ages lie apart from the rest: a search reads 96 bytes, not eight records.
    /// The upper half of the hash with the lowest bit set; 0 for a free place.
    private var tags: [UInt32]
    /// When each was last heard plus its credit, observed time.
    private var ages: [Int64]
    private var strangers: [Stranger]
    private let mask: Int
    /// Strangers pushed out by others.
    private(set) var evictions: UInt64 = 0

    init(capacity: Int) {
        var size = 64
        while size < min(capacity, 65_536) { size *= 2 }
        let none = Stranger(
            id: BeaconID(format: .iBeacon, length: 0, high: 0, middle: 0, low: 0),
            address: AddressKey(DeviceAddress(bits: 0, kind: .public)),
            signal: SignalTrack(radio: 0, at: 0), firstHeardAt: BootTime(nanoseconds: 0),
            lastHeardAt: BootTime(nanoseconds: 0), adverts: 0, measuredPower: 0)
        tags = [UInt32](repeating: 0, count: size)
        ages = [Int64](repeating: 0, count: size)
        strangers = [Stranger](repeating: none, count: size)
        mask = size - 1
    }

    /// Takes one report of an unknown beacon.
    mutating func hear(_ id: BeaconID, hash: UInt64, _ report: PresenceReport) {
        let tag = UInt32(truncatingIfNeeded: hash >> 32) | 1
        let first = Int(truncatingIfNeeded: hash) & mask & ~(Self.ways - 1)
        var oldest = first
        for place in first..<(first + Self.ways) {
            if tags[place] == tag, strangers[place].id == id {
                again(place, report)
                return
            }
            if tags[place] == 0 {
                if tags[oldest] != 0 { oldest = place }
            } else if tags[oldest] != 0, ages[place] < ages[oldest] {
                oldest = place
            }
        }
        if tags[oldest] != 0 { evictions &+= 1 }
        tags[oldest] = tag
        ages[oldest] = report.now
        strangers[oldest] = Stranger(
            id: id, address: report.address,
            signal: SignalTrack(radio: report.radio, at: report.now), firstHeardAt: report.at,
            lastHeardAt: report.at, adverts: 1, measuredPower: report.measuredPower)
        strangers[oldest].signal.hear(report.rssi, at: report.now)
    }

    private mutating func again(_ place: Int, _ report: PresenceReport) {
        strangers[place].adverts &+= 1
        strangers[place].lastHeardAt = report.at
        strangers[place].address = report.address
        strangers[place].measuredPower = report.measuredPower
        let isNews = report.radio != strangers[place].signal.radio
        let isQuiet = report.now &- strangers[place].signal.lastHeard > Self.credit
        // One radio is enough to show a stranger: the one that heard it first, until it stops.
        if !isNews {
            strangers[place].signal.hear(report.rssi, at: report.now)
        } else if isQuiet {
            strangers[place].signal = SignalTrack(radio: report.radio, at: report.now)
            strangers[place].signal.hear(report.rssi, at: report.now)
        }
        ages[place] =
            strangers[place].adverts >= UInt64(PresenceRules.advertsToEnter)
            ? report.now &+ Self.credit : report.now
    }

    /// Forgets the beacons a new configuration knows.
    mutating func forget(_ isKnown: (BeaconID) -> Bool) {
        for place in tags.indices where tags[place] != 0 && isKnown(strangers[place].id) {
            tags[place] = 0
        }
    }

    /// Visits every stranger.
    func forEach(_ body: (Stranger) -> Void) {
        for place in tags.indices where tags[place] != 0 { body(strangers[place]) }
    }
}
