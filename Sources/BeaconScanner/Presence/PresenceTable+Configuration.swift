extension PresenceTable {
    /// Replaces the configuration as a whole.
    ///
    /// Beacons that stay configured keep their live state: they neither leave nor enter, and keep
    /// what was learned of them. A present beacon that is configured no more leaves, with index
    /// −1. This is the one call that allocates.
    public mutating func configure(
        _ beacons: [KnownBeacon], zoneParents: [Int32] = [], at now: BootTime
    ) {
        if clock.advance(to: now) { resume() }
        radios.setParents(zoneParents)
        let newIndex = BeaconIndex(beacons.map(\.id), hash: hash)
        var newTracks: [BeaconTrack] = []
        var newAudits: [BeaconAudit] = []
        newTracks.reserveCapacity(beacons.count)
        newAudits.reserveCapacity(beacons.count)
        for (number, beacon) in beacons.enumerated() {
            let isFirst = newIndex.find(beacon.id) == number
            if isFirst, let old = index.find(beacon.id) {
                newTracks.append(tracks[old])
                newTracks[number].configure(beacon)
                newAudits.append(audits[old])
            } else {
                newTracks.append(BeaconTrack(beacon))
                newAudits.append(BeaconAudit(configuredAt: clock.now))
            }
        }
        dismiss(beyond: newIndex, at: now)
        index = newIndex
        tracks = newTracks
        audits = newAudits
        // Every record is looked at by the next tick: its zone or power may be another one now.
        deadlines = [Int64](repeating: clock.now, count: beacons.count)
        addresses = AddressIndex(beacons: beacons.count, hash: hash)
        for beacon in tracks.indices { claimAddresses(of: beacon) }
        strangers.forget { newIndex.find($0) != nil }
        presentCount = tracks.count { $0.state.isPresent }
    }

    private mutating func claimAddresses(of beacon: Int) {
        for slot in 0..<AddressTracks.capacity {
            let place = tracks[beacon].addresses.slots[slot]
            guard place.heard > 0 else { continue }
            addresses.claim(place.address, Int32(truncatingIfNeeded: beacon))
            tracks[beacon].addresses.setClaimed(true, slot)
        }
    }

    /// Rebuilds the queue for a new configuration: what waits gets its new index, and beacons that
    /// go leave, so that nobody remembers them as present.
    private mutating func dismiss(beyond newIndex: BeaconIndex, at now: BootTime) {
        var waiting: [Transition] = []
        while let transition = queue.next() { waiting.append(transition) }
        for beacon in tracks.indices
        where tracks[beacon].announced.isPresent && newIndex.find(tracks[beacon].id) == nil {
            tracks[beacon].leave()
            waiting.append(transition(.left, of: beacon, at: now))
        }
        queue = TransitionQueue(capacity: max(settings.transitionCapacity, waiting.count))
        for var transition in waiting {
            transition.index =
                newIndex.find(transition.id).map { Int32(truncatingIfNeeded: $0) }
                ?? -1
            _ = queue.append(transition)
        }
    }
}
