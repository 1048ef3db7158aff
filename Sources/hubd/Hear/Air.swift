import BeaconScanner
import Campaigns
import Crypto
import EventLoop

/// What is in the air: the one owner of hearing and recognizing.
///
/// Radios hand in packets; what becomes of the beacons comes out as transitions.
@Hub
final class Air {
    private var scanner: Scanner
    private var clock = AirClock()
    private var nextTick: BootTime
    private(set) var radios: [RadioStatus] = []
    /// Campaigns that ran where and when a configured beacon was heard: one count each report.
    private(set) var matches: UInt64 = 0
    private let onTransition: (Transition) -> Void

    /// Makes the air's owner; nothing is heard yet.
    ///
    /// - Parameters:
    ///   - catalog: the beacons to expect.
    ///   - keys: the identity keys of those whose identifier changes.
    ///   - settings: what differs from building to building.
    ///   - onTransition: is told each change of a configured beacon.
    init(
        _ catalog: Catalog, keys: [IdentityKey], settings: PresenceSettings,
        onTransition: @escaping (Transition) -> Void
    ) {
        let now = clock.time(at: Hub.loop.now)
        let seed = randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        scanner = Scanner(
            presence: PresenceTable(
                beacons: catalog.knownBeacons, zoneParents: catalog.zoneParents,
                settings: settings, seed: seed, at: now),
            resolver: Self.resolver(keys))
        nextTick = now
        self.onTransition = onTransition
        Hub.loop.schedule(every: .seconds(1)) { [weak self] in
            Hub.assumeIsolated { self?.second() }
        }
    }

    private nonisolated static func resolver(_ keys: [IdentityKey]) -> EphemeralResolver {
        EphemeralResolver(keys: keys) { AES128.encryptBlock($0, key: $1) }
    }

    var now: BootTime { clock.time(at: Hub.loop.now) }

    // MARK: Radios

    /// Adds a radio.
    ///
    /// - Returns: its number.
    func add(_ status: RadioStatus, in zone: Int32?) -> UInt8 {
        let number = UInt8(clamping: radios.count)
        radios.append(status)
        scanner.presence.assign(radio: number, zone: zone, at: now)
        return number
    }

    func setState(_ state: RadioStatus.State, of radio: UInt8) {
        radios[Int(radio)].state = state
        // What only this radio heard has not left: nobody listens any more.
        if state == .ended || state.problem != nil {
            scanner.presence.radioLost(radio, at: now)
        }
    }

    /// Whether the silence of a radio means that beacons are silent. While it does not, what only
    /// this radio heard does not leave.
    func setTrusted(_ isTrusted: Bool, _ radio: UInt8) {
        if isTrusted {
            scanner.presence.radioRestored(radio, at: now)
        } else {
            scanner.presence.radioLost(radio, at: now)
        }
    }

    /// Notes what else is known of a radio.
    func note(_ radio: UInt8, address: String?, recoveries: UInt64) {
        radios[Int(radio)].address = address
        radios[Int(radio)].recoveries = recoveries
    }

    /// A zone of the new catalog for a radio.
    func assign(radio: UInt8, zone: Int32?) {
        scanner.presence.assign(radio: radio, zone: zone, at: now)
    }

    // MARK: Hearing

    /// Takes one packet of a capture, at its time in the air's clock.
    func hear(
        _ record: CaptureRecord, in chunk: Span<UInt8>, radio: UInt8, at time: BootTime,
        campaigns: CampaignIndex
    ) {
        if time >= nextTick { tick(at: time) }
        let before = scanner.reports
        var matched: UInt64 = 0
        scanner.hear(record, in: chunk, radio: radio, at: time) { beacon, proximity in
            let count = campaigns.matches(beacon: beacon, proximity: proximity)
            matched &+= UInt64(truncatingIfNeeded: count)
        }
        matches &+= matched
        radios[Int(radio)].reports &+= scanner.reports &- before
    }

    /// Takes one advertisement that a radio hears now.
    func hear(
        _ header: Advertisement, payload: Span<UInt8>, radio: UInt8,
        at instant: EventLoop.Instant, campaigns: CampaignIndex
    ) {
        let time = clock.time(at: instant)
        if time >= nextTick { tick(at: time) }
        var matched: UInt64 = 0
        scanner.hear(header, payload: payload, radio: radio, at: time) { beacon, proximity in
            let count = campaigns.matches(beacon: beacon, proximity: proximity)
            matched &+= UInt64(truncatingIfNeeded: count)
        }
        matches &+= matched
        radios[Int(radio)].reports &+= 1
        radios[Int(radio)].lastHeard = time
        drain()
    }

    /// Takes one HCI event that a radio's adapter reports now.
    func hear(
        event: Span<UInt8>, radio: UInt8, at instant: EventLoop.Instant, campaigns: CampaignIndex
    ) {
        let time = clock.time(at: instant)
        if time >= nextTick { tick(at: time) }
        let before = scanner.reports
        var matched: UInt64 = 0
        // A radio has one adapter, so its number tells fragments of two adapters apart.
        scanner.hear(event: event, adapter: UInt16(radio), radio: radio, at: time) {
            beacon, proximity in
            let count = campaigns.matches(beacon: beacon, proximity: proximity)
            matched &+= UInt64(truncatingIfNeeded: count)
        }
        matches &+= matched
        radios[Int(radio)].reports &+= scanner.reports &- before
        radios[Int(radio)].lastHeard = time
        drain()
    }

    /// A capture's time has come to `time`.
    func advance(to time: BootTime) {
        clock.advance(to: time, at: Hub.loop.now)
    }

    /// Tells the transitions that hearing has brought.
    func drain() {
        while let transition = scanner.nextTransition() { onTransition(transition) }
    }

    /// The wall clock by which identifiers change: that of a capture while one is played.
    private var recordedTime: Int64?

    /// A capture has come to this Unix time; nil when it has ended. Cheap when nothing is due.
    func setRecordedTime(_ unixSeconds: Int64?) {
        guard unixSeconds != recordedTime else { return }
        recordedTime = unixSeconds
        refreshKeys()
    }

    /// Computes what identity keys show now.
    func refreshKeys() {
        scanner.refresh(unixSeconds: recordedTime ?? WallClock.now().unixSeconds)
    }

    private func tick(at time: BootTime) {
        scanner.tick(at: time)
        nextTick = scanner.nextDeadline
        drain()
    }

    private func second() {
        let time = now
        if recordedTime == nil { refreshKeys() }
        if time >= nextTick { tick(at: time) }
        // By our own clock: a capture at full speed has a faster one.
        let instant = BootTime(nanoseconds: Hub.loop.now.nanoseconds)
        for radio in radios.indices {
            radios[radio].rate.update(radios[radio].reports, at: instant)
        }
    }

    // MARK: Catalog

    /// Puts another catalog in force; beacons that stay keep what is known of them.
    func configure(_ catalog: Catalog, keys: [IdentityKey]) {
        scanner.presence.configure(
            catalog.knownBeacons, zoneParents: catalog.zoneParents, at: now)
        scanner.setResolver(Self.resolver(keys))
        refreshKeys()
        drain()
    }

    // MARK: Questions

    var counts: Scanner.Counts { scanner.counts }
    var reports: UInt64 { scanner.reports }
    var rejected: RejectCounts { scanner.rejected }
    var presentCount: Int { scanner.presence.presentCount }

    func statuses() -> [BeaconStatus] { scanner.presence.statuses() }

    func unknownBeacons(limit: Int) -> [StrangerStatus] {
        scanner.presence.unknownBeacons(limit: limit)
    }

    func status(of beacon: BeaconID) -> BeaconStatus? {
        scanner.presence.index(of: beacon).flatMap { scanner.presence.status(of: $0) }
    }

    func patience(of index: Int32) -> Patience? { scanner.presence.patience(of: index) }

    func status(of index: Int32) -> BeaconStatus? { scanner.presence.status(of: index) }
}
