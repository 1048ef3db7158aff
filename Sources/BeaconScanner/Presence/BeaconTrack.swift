/// The live state of one configured beacon: a trivial value that a report updates in place.
///
/// State and what was announced of it are kept apart. A transition is the difference of the two,
/// so a full queue delays a transition and never loses one.
struct BeaconTrack: Sendable {
    // What every report reads or writes lies together, some 180 bytes in three or four cache lines:
    // from the end of `addresses` to the beginning of `radios`.
    private(set) var addresses = AddressTracks()
    let id: BeaconID
    private var epoch: UInt32 = 0
    /// When the beacon was last heard, observed time and the caller's.
    private(set) var lastHeard: Int64 = 0
    private(set) var lastHeardAt = BootTime(nanoseconds: 0)
    /// Adverts so far.
    private(set) var adverts: UInt64 = 0
    /// What is true now.
    var state = State()
    /// The catalog's power at 1 m; 0 when the advertised one counts.
    private var catalogPower: Int8
    private(set) var advertisedPower: Int8 = 0
    /// Whether a sample passed a boundary towards this proximity.
    private var isPending = false
    private var pendingProximity = Proximity.unknown
    /// Where the level may be without a step to another proximity.
    private var band = Ranging.Band.empty
    private(set) var isWorn: Bool
    private(set) var hasEntered = false
    /// What the owner was told.
    private(set) var announced = State()
    private(set) var intervals = IntervalEstimate()
    private(set) var radios = RadioTracks()

    private var proximitySince: Int64 = 0
    /// When the present or last stay began.
    private(set) var enteredAt = BootTime(nanoseconds: 0)
    /// The zone a fixed beacon belongs to; −1 for none.
    private(set) var zone: Int32

    /// What transitions are made of.
    struct State: Sendable, Equatable {
        var isPresent = false
        var proximity = Proximity.unknown
        /// Where a worn beacon is: the radio that hears it best, and that radio's zone.
        var radio: UInt8 = 0
        var zone = Int32(-1)
        var findings: Findings = []
    }

    init(_ beacon: KnownBeacon) {
        id = beacon.id
        catalogPower = beacon.measuredPower ?? 0
        zone = beacon.zone ?? -1
        isWorn = beacon.isWorn
    }

    /// Takes over what a new configuration says of this beacon; the live state stays.
    mutating func configure(_ beacon: KnownBeacon) {
        catalogPower = beacon.measuredPower ?? 0
        zone = beacon.zone ?? -1
        isWorn = beacon.isWorn
        // What is carried about may be out.
        if isWorn { state.findings.remove(Findings(.missing)) }
    }

    /// Notes whether the address index counts one of the addresses.
    mutating func setClaimed(_ isClaimed: Bool, place: Int) {
        addresses.setClaimed(isClaimed, place: place)
    }

    /// The power at 1 m in dBm that counts: the catalog's, else the advertised one.
    @inline(__always)
    var measuredPower: Int8 { catalogPower != 0 ? catalogPower : advertisedPower }

    var isHeard: Bool { adverts > 0 }

    /// What a report calls for beyond this record.
    struct Attention: OptionSet {
        let rawValue: UInt8
        /// The state differs from what was announced.
        static let changed = Attention(rawValue: 1)
        /// The beacon is absent, and one of its addresses has been heard enough to enter.
        static let mayEnter = Attention(rawValue: 2)
        /// The address index does not count the address yet.
        static let newAddress = Attention(rawValue: 4)
        /// The level is beyond the band of the present proximity: see `leaveBand`.
        static let beyondBand = Attention(rawValue: 8)
    }

    /// Takes one report.
    ///
    /// - Parameters:
    ///   - report: what was heard.
    ///   - table: which radios listen.
    ///   - displaced: set to the address that lost its place to the report's.
    /// - Returns: what is to be done beyond this record.
    @inline(__always)
    mutating func hear(
        _ report: PresenceReport, _ table: borrowing RadioTable, displaced: inout AddressKey?
    ) -> Attention {
        adverts &+= 1
        var attention: Attention = []
        var isEstablished = false
        switch addresses.hear(report.address, at: report.now, patience: patience) {
        case .known:
            isEstablished = addresses.current.isEstablished
            if !addresses.current.isClaimed { attention.insert(.newAddress) }
        case .admitted(let old):
            displaced = old
            attention.insert(.newAddress)
        case .refused: break
        }
        // Once the beacon is known by its addresses, what others send in its name moves nothing.
        guard isEstablished || !hasEntered else { return attention }

        let isContinuous =
            epoch == report.epoch && (state.isPresent || report.now &- lastHeard <= patience)
        epoch = report.epoch
        lastHeard = report.now
        lastHeardAt = report.at
        advertisedPower = report.measuredPower
        let heard = radios.hear(report, table, meanGap: intervals.meanGap)
        // The first gap after an absence is not an interval.
        if let gap = heard.gap, isContinuous { intervals.learn(gap) }
        if state.isPresent {
            if heard.isReading, !isWithinBand { attention.insert(.beyondBand) }
            if isUnannounced { attention.insert(.changed) }
        } else if isEstablished {
            attention.insert(.mayEnter)
        }
        return attention
    }

    /// Adverts further apart than this belong to different attempts to enter.
    @inline(__always)
    private var patience: Int64 {
        let learned = hasEntered ? intervals.meanGap &* PresenceRules.patientGaps : 0
        return max(PresenceRules.attemptWindow, learned)
    }

    /// Whether the best radio's level is where the present proximity holds.
    @inline(__always)
    private var isWithinBand: Bool {
        mutating get {
            guard let level = radios.best.rssi else { return true }
            guard band.keeps(rssi: level, measuredPower: measuredPower) else { return false }
            isPending = false
            return true
        }
    }

    /// The best radio's level is beyond the band of the present proximity.
    ///
    /// A change needs two samples in a row beyond the boundary's margin and a second in the
    /// present zone: one deep fade of one channel is no step.
    ///
    /// - Returns: whether the proximity is another one now.
    mutating func leaveBand(_ ranging: Ranging, at now: Int64) -> Bool {
        guard let level = radios.best.rssi else { return false }
        let seen = ranging.proximity(
            rssi: level, measuredPower: measuredPower, from: state.proximity)
        if seen == state.proximity {
            isPending = false
            return false
        }
        let isSecond = isPending && seen == pendingProximity
        isPending = true
        pendingProximity = seen
        guard isSecond, now &- proximitySince >= PresenceRules.proximityDwell else { return false }
        move(to: seen, ranging, at: now)
        return true
    }

    private mutating func move(
        to proximity: Proximity, _ ranging: Ranging, at now: Int64
    ) {
        state.proximity = proximity
        band = ranging.band(of: proximity)
        proximitySince = now
        isPending = false
    }

    /// Whether something in the hot state waits to be announced.
    @inline(__always)
    private var isUnannounced: Bool {
        state.proximity != announced.proximity
            || isWorn && radios.best.radio != announced.radio
    }

    /// The beacon is here, by the address heard last.
    mutating func enter(_ rules: PresenceRules, now: Int64, at: BootTime) {
        let track = addresses.current
        intervals.restart(meanGap: (track.last &- track.first) / Int64(max(track.heard, 2) - 1))
        radios.chooseLoudest(at: now)
        state.isPresent = true
        enteredAt = at
        hasEntered = true
        let proximity = radios.best.rssi.map {
            rules.ranging.proximity(rssi: $0, measuredPower: measuredPower)
        }
        move(to: proximity ?? .unknown, rules.ranging, at: now)
    }

    /// The beacon is gone.
    mutating func leave() {
        state.isPresent = false
        state.proximity = .unknown
        band = .empty
    }

    /// When silence becomes meaningful, observed time: the earliest instant from which a radio
    /// that listens, and that heard the beacon when it was last heard, has heard nothing. Nil
    /// while no such radio listens.
    ///
    /// - Parameters:
    ///   - listening: since when a radio listens; `Int64.max` when it does not.
    ///   - window: a radio heard the beacon "when it was last heard" if within this time of it.
    /// - Returns: an instant of observed time.
    func silentSince(_ listening: (UInt8) -> Int64, window: Int64) -> Int64? {
        var earliest = Int64.max
        for number in 0..<radios.count {
            let track = radios[number]
            guard lastHeard &- track.lastHeard <= window else { continue }
            earliest = min(earliest, max(listening(track.radio), lastHeard))
        }
        return earliest == .max ? nil : earliest
    }

    /// The next difference between what is true and what was announced, in the order in which an
    /// owner can follow it; nil when there is none.
    func unannounced() -> Transition.Change? {
        if state == announced { return nil }
        let wasMissing = announced.findings.contains(.missing)
        let isMissing = state.findings.contains(.missing)
        if wasMissing, !isMissing { return .found }
        switch (announced.isPresent, state.isPresent) {
        case (false, true): return .entered
        case (true, false): return .left
        case (true, true):
            if isWorn, hasMoved {
                return .moved(from: announced.zone >= 0 ? announced.zone : nil)
            }
            if announced.proximity != state.proximity {
                return .proximityChanged(from: announced.proximity)
            }
        case (false, false): break
        }
        if !wasMissing, isMissing { return .missing }
        let other = state.findings.symmetricDifference(announced.findings)
            .subtracting(Findings(.missing))
        guard let finding = other.first else { return nil }
        return state.findings.contains(finding) ? .raised(finding) : .cleared(finding)
    }

    /// Zones count, and where the radios have none, the radios themselves.
    private var hasMoved: Bool {
        state.zone != announced.zone || state.zone < 0 && state.radio != announced.radio
    }

    /// Everything is announced. What still differs, as a worn beacon's other radio in the same
    /// zone, needs no announcement and is taken as known.
    mutating func settle() {
        announced = state
    }

    /// Notes that a change was announced.
    mutating func announce(_ change: Transition.Change) {
        switch change {
        case .entered:
            announced.isPresent = true
            announced.proximity = state.proximity
            announced.radio = state.radio
            announced.zone = state.zone
        case .left: announced.isPresent = false
        case .proximityChanged: announced.proximity = state.proximity
        case .moved:
            announced.radio = state.radio
            announced.zone = state.zone
        case .missing: announced.findings.insert(Findings(.missing))
        case .found: announced.findings.remove(Findings(.missing))
        case .raised(let finding): announced.findings.insert(Findings(finding))
        case .cleared(let finding): announced.findings.remove(Findings(finding))
        }
    }
}
