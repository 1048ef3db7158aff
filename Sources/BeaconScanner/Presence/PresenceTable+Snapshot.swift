extension PresenceTable {
    /// How many beacons are configured.
    public var configuredCount: Int { tracks.count }

    /// How many unknown beacons were pushed out of their places by others.
    public var strangerEvictions: UInt64 { strangers.evictions }

    /// How near a configured beacon is; nil when it is not present. Cheap: for rules.
    public func proximity(of index: Int32) -> Proximity? {
        guard index >= 0, Int(index) < tracks.count, tracks[Int(index)].state.isPresent else {
            return nil
        }
        return tracks[Int(index)].state.proximity
    }

    /// The same for the hot path: mutating, because a borrow of this table from within a closure
    /// copies all of it.
    @inline(__always)
    mutating func proximityNow(of index: Int32) -> Proximity? {
        guard index >= 0, Int(index) < tracks.count, tracks[Int(index)].state.isPresent else {
            return nil
        }
        return tracks[Int(index)].state.proximity
    }

    /// The index of a configured beacon; nil when the configuration does not know it.
    public func index(of id: BeaconID) -> Int32? {
        index.find(id, in: tracks).map { Int32(truncatingIfNeeded: $0) }
    }

    /// What is known of a configured beacon; nil for an index out of range. Allocates nothing.
    public func status(of index: Int32) -> BeaconStatus? {
        guard index >= 0, Int(index) < tracks.count else { return nil }
        let track = tracks[Int(index)]
        let battery = audits[Int(index)].battery
        let rssi = track.radios.best.rssi
        let zone =
            track.isWorn && track.isHeard
            ? radios.zone(of: track.radios.best.radio) : track.isWorn ? -1 : track.zone
        return BeaconStatus(
            id: track.id, index: index, state: state(of: track), rssi: rssi,
            measuredPower: track.measuredPower,
            distance: rssi.flatMap {
                rules.ranging.distance(rssi: $0, measuredPower: track.measuredPower)
            },
            proximity: track.state.proximity, zone: zone >= 0 ? zone : nil,
            radio: track.isHeard ? track.radios.best.radio : nil,
            address: track.isHeard ? track.addresses.current.address.address : nil,
            lastHeard: track.isHeard ? track.lastHeardAt : nil,
            enteredAt: track.hasEntered ? track.enteredAt : nil, adverts: track.adverts,
            interval: track.intervals.interval > 0 ? track.intervals.interval : nil,
            batteryMillivolts: battery.millivolts > 0 ? Int(battery.millivolts + 0.5) : nil,
            batteryPercent: battery.percent,
            batteryDaysLeft: battery.daysLeft(
                until: rules.lowBatteryMillivolts, at: clock.now),
            findings: track.state.findings)
    }

    private func state(of track: BeaconTrack) -> BeaconStatus.State {
        if track.state.isPresent { return .present }
        if track.state.findings.contains(.missing) { return .missing }
        return track.isHeard ? .absent : .neverHeard
    }

    /// Every configured beacon, in the configuration's order.
    public func statuses() -> [BeaconStatus] {
        tracks.indices.compactMap { status(of: Int32(truncatingIfNeeded: $0)) }
    }

    /// The unknown beacons: those related to configured ones first, then by adverts.
    ///
    /// - Parameter limit: at most this many.
    /// - Returns: what is known of each.
    public func unknownBeacons(limit: Int = .max) -> [StrangerStatus] {
        let families = Set(tracks.map { Family($0.id) })
        var found: [StrangerStatus] = []
        strangers.forEach { stranger in
            let rssi = stranger.signal.rssi
            let power = stranger.measuredPower
            found.append(
                StrangerStatus(
                    id: stranger.id, isRelated: families.contains(Family(stranger.id)),
                    rssi: rssi, measuredPower: power,
                    distance: rssi.flatMap {
                        rules.ranging.distance(rssi: $0, measuredPower: power)
                    },
                    proximity: rssi.map {
                        rules.ranging.proximity(rssi: $0, measuredPower: power)
                    } ?? .unknown,
                    radio: stranger.signal.radio, address: stranger.address.address,
                    firstHeard: stranger.firstHeardAt, lastHeard: stranger.lastHeardAt,
                    adverts: stranger.adverts))
        }
        found.sort { left, right in
            left.isRelated == right.isRelated ? left.adverts > right.adverts : left.isRelated
        }
        return Array(found.prefix(max(limit, 0)))
    }
}

/// What beacons of one owner share: the UUID of an iBeacon or AltBeacon (16 bytes), the namespace
/// of an Eddystone (10 bytes); other formats have no such part and are a family of their own.
private struct Family: Hashable {
    private let format: BeaconID.Format
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    init(_ id: BeaconID) {
        format = id.format
        high = id.high
        switch id.format {
        case .iBeacon, .altBeacon:
            middle = id.middle
            low = 0
        case .eddystoneUID:
            middle = id.middle & 0xffff_0000_0000_0000
            low = 0
        case .eddystoneURL, .eddystoneEphemeral, .eddystoneResolved:
            middle = id.middle
            low = id.low
        }
    }
}
