extension PresenceTable {
    /// When `tick` should be called next. Every second, whatever happens: the regular call is
    /// also what tells silence from a machine that slept.
    public var nextDeadline: BootTime {
        BootTime(nanoseconds: lastTick.nanoseconds &+ PresenceRules.tickPeriod)
    }

    /// Lets time pass: beacons leave, become missing, and are audited; transitions that found no
    /// room in the queue are put there again.
    ///
    /// Reads one word for each configured beacon, looks closer at those whose time has come, and
    /// audits a sixteenth of all.
    public mutating func tick(at now: BootTime) {
        if clock.advance(to: now) { resume() }
        lastTick = now
        for beacon in deadlines.indices where deadlines[beacon] <= clock.now {
            review(beacon, at: now)
        }
        for beacon in stride(from: nextSlice, to: tracks.count, by: PresenceRules.auditSlices) {
            audit(beacon, at: now)
        }
        nextSlice = (nextSlice + 1) % PresenceRules.auditSlices
    }

    /// What a report calls for beyond its record.
    mutating func attend(
        _ beacon: Int, _ attention: BeaconTrack.Attention, _ report: PresenceReport,
        _ displaced: AddressKey?
    ) {
        if attention.contains(.newAddress) {
            let number = Int32(truncatingIfNeeded: beacon)
            if let displaced { addresses.release(displaced, number) }
            addresses.claim(report.address, number)
            tracks[beacon].setClaimed(true, place: 0)
        }
        if attention.contains(.mayEnter) { mayEnter(beacon, report) }
        var isChanged = attention.contains(.changed)
        if attention.contains(.beyondBand) {
            isChanged = tracks[beacon].leaveBand(rules.ranging, at: report.now) || isChanged
        }
        if isChanged { announce(beacon, at: report.at) }
    }

    /// An absent beacon has been heard enough to enter, unless its sender counterfeits a fleet.
    private mutating func mayEnter(_ beacon: Int, _ report: PresenceReport) {
        guard addresses.claims(of: report.address) <= rules.identifiersPerAddress else { return }
        tracks[beacon].enter(rules, now: report.now, at: report.at)
        presentCount += 1
        if tracks[beacon].state.findings.contains(.missing) {
            tracks[beacon].state.findings.remove(Findings(.missing))
            audits[beacon].note(.missing, at: report.at)
        }
        deadlines[beacon] = report.now &+ PresenceRules.recheck
        announce(beacon, at: report.at)
    }

    /// Looks at a record whose time has come, and says when to look again.
    private mutating func review(_ beacon: Int, at now: BootTime) {
        deadlines[beacon] = .max
        if tracks[beacon].state.isPresent {
            let limit = rules.leaveLimit(meanGap: tracks[beacon].intervals.meanGap)
            let rest = rest(of: beacon, limit: limit)
            if rest <= 0 {
                tracks[beacon].leave()
                presentCount -= 1
            } else {
                deadlines[beacon] = clock.now &+ min(rest, PresenceRules.recheck)
            }
        }
        if !tracks[beacon].state.isPresent, !tracks[beacon].isWorn,
            !tracks[beacon].state.findings.contains(.missing)
        {
            if isMissing(beacon) {
                tracks[beacon].state.findings.insert(Findings(.missing))
                audits[beacon].note(.missing, at: now)
            } else {
                // Minutes matter here, so a look every ten seconds is enough, and it also
                // notices radios that come and go.
                deadlines[beacon] = clock.now &+ 10 * PresenceRules.second
            }
        }
        announce(beacon, at: now)
    }

    /// How much longer a present beacon may be silent; at least `recheck` when it is that much or
    /// more.
    private func rest(of beacon: Int, limit: Int64) -> Int64 {
        // Nearly always: it was heard of late, and no radio can have been silent for longer.
        let sinceHeard = limit &- (clock.now &- tracks[beacon].lastHeard)
        if sinceHeard >= PresenceRules.recheck { return sinceHeard }
        // Without a listening radio there is no silence, so nothing is due.
        return silence(of: beacon).map { limit &- $0 } ?? .max
    }

    private func isMissing(_ beacon: Int) -> Bool {
        if tracks[beacon].isHeard {
            let limit = rules.missingLimit(meanGap: tracks[beacon].intervals.meanGap)
            return silence(of: beacon).map { $0 >= limit } ?? false
        }
        guard let listening = radios.listeningSince else { return false }
        let start = max(listening, audits[beacon].configuredAt)
        return clock.now &- start >= rules.missingAtStart
    }

    /// For how long a radio that heard the beacon last has listened and heard nothing of it; nil
    /// while no such radio listens.
    private func silence(of beacon: Int) -> Int64? {
        let window = rules.leaveLimit(meanGap: tracks[beacon].intervals.meanGap)
        let since = tracks[beacon].silentSince({ radios.listeningSince($0) }, window: window)
        return since.map { clock.now &- $0 }
    }

    /// One visit of the audit.
    private mutating func audit(_ beacon: Int, at now: BootTime) {
        guard tracks[beacon].isHeard else { return }
        let isFleet = refreshClaims(of: beacon)
        let isElsewhere =
            tracks[beacon].state.isPresent && !tracks[beacon].isWorn
            && radios.isElsewhere(
                tracks[beacon].zone, heardBy: tracks[beacon].radios.best.radio)
        tracks[beacon].state.findings = audits[beacon].visit(
            tracks[beacon], rules,
            BeaconAudit.Surroundings(
                now: clock.now, at: now, isElsewhere: isElsewhere, isFleet: isFleet))
        announce(beacon, at: now)
    }

    /// Puts back what a flood pushed out of the address index, and takes silent addresses off.
    ///
    /// - Returns: whether a live address sends more identifiers than a beacon can.
    private mutating func refreshClaims(of beacon: Int) -> Bool {
        let number = Int32(truncatingIfNeeded: beacon)
        var isFleet = false
        for place in 0..<AddressTracks.capacity {
            let track = tracks[beacon].addresses[place]
            guard track.isClaimed else { continue }
            if clock.now &- track.last > PresenceRules.attemptWindow {
                addresses.release(track.address, number)
                tracks[beacon].setClaimed(false, place: place)
                continue
            }
            addresses.refresh(track.address, number)
            isFleet = isFleet || addresses.claims(of: track.address) > rules.identifiersPerAddress
        }
        return isFleet
    }

    /// Queues what differs between a record's state and what was announced of it. Without room
    /// the rest waits in the record, and the next tick comes back to it.
    mutating func announce(_ beacon: Int, at now: BootTime) {
        place(beacon)
        while let change = tracks[beacon].unannounced() {
            guard queue.append(transition(change, of: beacon, at: now)) else {
                if deadlines[beacon] != .min { deferredTransitions &+= 1 }
                deadlines[beacon] = .min
                return
            }
            tracks[beacon].announce(change)
        }
        tracks[beacon].settle()
    }

    /// Works out where a beacon is.
    private mutating func place(_ beacon: Int) {
        let radio = tracks[beacon].radios.best.radio
        tracks[beacon].state.radio = radio
        tracks[beacon].state.zone =
            tracks[beacon].isWorn ? radios.zone(of: radio) : tracks[beacon].zone
    }

    func transition(
        _ change: Transition.Change, of beacon: Int, at now: BootTime
    ) -> Transition {
        let track = tracks[beacon]
        let since =
            switch change {
            case .missing, .found: audits[beacon].since(.missing)
            case .raised(let finding), .cleared(let finding): audits[beacon].since(finding)
            case .entered, .left, .moved, .proximityChanged: track.enteredAt
            }
        return Transition(
            change: change, id: track.id, index: Int32(truncatingIfNeeded: beacon),
            zone: track.state.zone >= 0 ? track.state.zone : nil, radio: track.state.radio,
            proximity: track.state.proximity, rssi: track.radios.best.rssi, at: now,
            lastHeard: track.isHeard ? track.lastHeardAt : nil, since: since)
    }
}
