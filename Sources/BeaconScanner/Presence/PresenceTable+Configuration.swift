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
        var newTracks = beacons.map { BeaconTrack($0) }
        let newIndex = BeaconIndex(newTracks, hash: hash)
        var newAudits = [BeaconAudit](
            repeating: BeaconAudit(configuredAt: clock.now), count: beacons.count)
        for (number, beacon) in beacons.enumerated() {
            guard let old = index.find(beacon.id, in: tracks),
                newIndex.find(beacon.id, in: newTracks) == number
            else { continue }
            newTracks[number] = tracks[old]
            newTracks[number].configure(beacon)
            newAudits[number] = audits[old]
        }
        dismiss(beyond: newIndex, newTracks, at: now)
        index = newIndex
        tracks = newTracks
        audits = newAudits
        // Every record is looked at by the next tick: its zone or power may be another one now.
        deadlines = [Int64](repeating: clock.now, count: beacons.count)
        addresses = AddressIndex(beacons: beacons.count, hash: hash)
        for beacon in tracks.indices { claimAddresses(of: beacon) }
        strangers.forget { newIndex.find($0, in: newTracks) != nil }
        presentCount = tracks.count { $0.state.isPresent }
    }

    private mutating func claimAddresses(of beacon: Int) {
        for place in 0..<AddressTracks.capacity {
            let track = tracks[beacon].addresses[place]
            guard track.isClaimed else { continue }
            addresses.claim(track.address, Int32(truncatingIfNeeded: beacon))
        }
    }

    /// Rebuilds the queue for a new configuration: what waits gets its new index, and beacons that
    /// go leave, so that nobody remembers them as present.
    private mutating func dismiss(
        beyond newIndex: BeaconIndex, _ newTracks: [BeaconTrack], at now: BootTime
    ) {
        var waiting: [Transition] = []
        while let transition = queue.next() { waiting.append(transition) }
        for beacon in tracks.indices
        where tracks[beacon].announced.isPresent
            && newIndex.find(tracks[beacon].id, in: newTracks) == nil
        {
            tracks[beacon].leave()
            waiting.append(transition(.left, of: beacon, at: now))
        }
        queue = TransitionQueue(capacity: max(settings.transitionCapacity, waiting.count))
        for var transition in waiting {
            transition.index =
                newIndex.find(transition.id, in: newTracks).map { Int32(truncatingIfNeeded: $0) }
                ?? -1
            _ = queue.append(transition)
        }
    }
}
