/// Which beacons are here: the fixed table that every advertisement passes through.
///
/// Configured beacons have a record each, found by a seeded hash and never evicted; all others
/// share a fixed number of places. Memory is allocated when the table is made and when a new
/// configuration replaces the old one, and at no other time; a report costs one search and the
/// update of one record. The type cannot be copied, so its arrays never are.
///
/// Time is an argument and may do anything: see `PresenceClock`. The owner
///
/// 1. calls `observe` for every recognized advertisement,
/// 2. calls `tick` at `nextDeadline`, about once a second; a driver of captures does so in the
///    capture's own time,
/// 3. drains `nextTransition` after either,
/// 4. tells what it knows of the radios: `assign`, `radioLost`, `radioRestored`.
///
/// Entering takes three adverts from one address over at least a second, each within a minute of
/// the one before: a beacon that advertises every 10 s enters after 20 s. Leaving takes a silence
/// that the beacon's own learned interval does not explain: see
/// `PresenceSettings.leaveAfterIntervals`.
///
/// Identifiers and addresses are clear text, so presence is a hint and never a proof. What is
/// kept out is cheap forgery: single packets and packets from ever new addresses neither make a
/// beacon enter, nor keep it here, nor move its signal; one address cannot send a whole fleet.
/// Who repeats a beacon's identifier from one address for a second is that beacon, or its
/// duplicate. `Finding.suspect` and `Finding.duplicate` tell of both.
public struct PresenceTable: ~Copyable, Sendable {
    let settings: PresenceSettings
    let rules: PresenceRules
    let hash: SeededHash
    var clock: PresenceClock
    /// Counts the jumps of the clock.
    var epoch: UInt32 = 0
    var radios = RadioTable()

    var index: BeaconIndex
    var tracks: [BeaconTrack]
    var audits: [BeaconAudit]
    /// When each record must be looked at, observed time; `Int64.max` for never, `Int64.min` when
    /// a transition waits for room. May lie earlier than necessary, as reports do not move it.
    var deadlines: [Int64]
    var addresses: AddressIndex
    var strangers: StrangerTable
    var queue: TransitionQueue

    var lastTick: BootTime
    var nextSlice = 0

    /// How many configured beacons are present.
    public internal(set) var presentCount = 0
    /// How often a transition found no room in the queue and had to wait for the next tick.
    public internal(set) var deferredTransitions: UInt64 = 0

    /// Makes a table.
    ///
    /// - Parameters:
    ///   - beacons: the configured beacons; their order gives the indices. Of two entries with
    ///     the same identifier the first counts.
    ///   - zoneParents: the parent of each zone, −1 at the top.
    ///   - settings: see `PresenceSettings`.
    ///   - seed: keys the hash; random for each boot, so that no sender can aim at a bucket.
    ///   - now: the time.
    public init(
        beacons: [KnownBeacon], zoneParents: [Int32] = [],
        settings: PresenceSettings = PresenceSettings(), seed: UInt64, at now: BootTime
    ) {
        self.settings = settings
        rules = PresenceRules(settings)
        hash = SeededHash(seed: seed)
        clock = PresenceClock(at: now)
        lastTick = now
        index = BeaconIndex([], hash: hash)
        tracks = []
        audits = []
        deadlines = []
        addresses = AddressIndex(beacons: 0, hash: hash)
        strangers = StrangerTable(capacity: settings.unknownCapacity)
        queue = TransitionQueue(capacity: settings.transitionCapacity)
        configure(beacons, zoneParents: zoneParents, at: now)
    }

    /// Takes one advertisement.
    ///
    /// - Parameters:
    ///   - id: what the frame says.
    ///   - address: who sent it.
    ///   - rssi: how strong it was; `unavailable` counts for presence and for nothing else.
    ///   - measuredPower: the advertised power at 1 m in dBm; 0 when the frame has none.
    ///   - radio: which radio heard it, by the owner's numbers.
    ///   - now: when it was heard.
    /// - Returns: the index of the configured beacon; −1 when no beacon of the configuration
    ///   sends this identifier.
    @discardableResult
    public mutating func observe(
        _ id: BeaconID, address: DeviceAddress, rssi: RSSI, measuredPower: Int8, radio: UInt8,
        at now: BootTime
    ) -> Int32 {
        if clock.advance(to: now) { resume() }
        if !radios.hearing.contains(radio) { radios.startListening(radio, at: clock.now) }
        let report = PresenceReport(
            address: AddressKey(address), now: clock.now, at: now, rssi: rssi,
            measuredPower: measuredPower, radio: radio, epoch: epoch)
        let hashed = hash(id)
        let beacon = index.find(id, hash: hashed, in: tracks)
        guard beacon >= 0 else {
            strangers.hear(id, hash: hashed, report)
            return -1
        }
        var displaced: AddressKey?
        let attention = tracks[beacon].hear(report, radios, displaced: &displaced)
        if !attention.isEmpty { attend(beacon, attention, report, displaced) }
        return Int32(truncatingIfNeeded: beacon)
    }

    /// Takes a battery reading, which names no beacon: it is of those that this address sends.
    ///
    /// - Returns: the index of the first configured beacon it told something about; −1 for none.
    @discardableResult
    public mutating func observeBattery(
        _ reading: BatteryReading, address: DeviceAddress, at now: BootTime
    ) -> Int32 {
        if clock.advance(to: now) { resume() }
        let key = AddressKey(address)
        let beacons = addresses.beacons(of: key)
        var first = Int32(-1)
        for slot in 0..<AddressIndex.beaconsPerAddress {
            let beacon = Int(beacons[slot])
            guard beacon >= 0, beacon < tracks.count,
                tracks[beacon].addresses.isEstablished(key)
            else { continue }
            audits[beacon].battery.observe(reading, at: clock.now)
            if first < 0 { first = beacons[slot] }
        }
        return first
    }

    /// The configured beacon with an identity key that was last heard at an address.
    func resolvedBeacon(at address: DeviceAddress) -> BeaconID? {
        let key = AddressKey(address)
        let beacons = addresses.beacons(of: key)
        for slot in 0..<AddressIndex.beaconsPerAddress {
            let beacon = Int(beacons[slot])
            guard beacon >= 0, beacon < tracks.count,
                tracks[beacon].id.format == .eddystoneResolved,
                tracks[beacon].addresses.isEstablished(key)
            else { continue }
            return tracks[beacon].id
        }
        return nil
    }

    /// The next transition; nil when all are drained.
    public mutating func nextTransition() -> Transition? {
        queue.next()
    }

    /// A radio stands in a zone; nil for none. Whether it listens is another matter.
    public mutating func assign(radio: UInt8, zone: Int32?, at now: BootTime) {
        if clock.advance(to: now) { resume() }
        radios.assign(radio, zone: zone ?? -1)
        // Worn beacons it hears are somewhere else now.
        for beacon in tracks.indices where tracks[beacon].state.isPresent {
            deadlines[beacon] = clock.now
        }
    }

    /// A radio is known to hear nothing: its adapter vanished, or its scan stands still. Beacons
    /// that only it heard do not leave until `radioRestored`.
    public mutating func radioLost(_ radio: UInt8, at now: BootTime) {
        if clock.advance(to: now) { resume() }
        radios.stopListening(radio)
    }

    /// A radio begins to hear, hears again, or is gone for good and not to be waited for: beacons
    /// that only it heard have their whole silence from now. A report from the radio says the
    /// same, so this matters where a radio may have nothing to report.
    public mutating func radioRestored(_ radio: UInt8, at now: BootTime) {
        if clock.advance(to: now) { resume() }
        radios.startListening(radio, at: clock.now)
        epoch &+= 1
    }

    /// Time jumped: nothing was observed meanwhile, so every radio starts to listen anew.
    mutating func resume() {
        epoch &+= 1
        radios.restartListening(at: clock.now)
    }
}
