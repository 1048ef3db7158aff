/// What the audit keeps of one configured beacon between its visits.
///
/// A visit looks at the beacon's record and the radios, some sixteen seconds apart; each finding
/// has a condition that must hold, or be over, for a while before the finding follows.
struct BeaconAudit: Sendable {
    /// Addresses heard through each other for this long are two devices.
    private static let overlap = 10 * PresenceRules.second
    /// A duplicate is over when nothing showed it for this long; suspicion lasts longer.
    private static let duplicateHold = 60 * PresenceRules.second
    private static let suspectHold = 300 * PresenceRules.second
    /// This many new addresses between two visits are no rotation, which comes every fifteen
    /// minutes (Core 5.4, Vol 3, Part C, appendix A: TGAP(private_addr_int)).
    private static let straysToSuspect: UInt32 = 8
    /// The interval has drifted at ±30 %, and is back within ±20 %.
    private static let drift = (raise: 0.3, clear: 0.2)

    /// Since when each finding is raised.
    private(set) var since: InlineArray<6, BootTime>
    /// Since when each condition differs from its finding, observed time; −1 while it does not.
    private var differs: InlineArray<6, Int64>
    /// When the configuration brought the beacon, observed time.
    let configuredAt: Int64
    var battery = BatteryTrend()
    private var strays: UInt32 = 0

    init(configuredAt: Int64) {
        self.configuredAt = configuredAt
        since = InlineArray(repeating: BootTime(nanoseconds: 0))
        differs = InlineArray(repeating: -1)
    }

    /// What a visit knows beyond the record.
    struct Surroundings {
        let now: Int64
        let at: BootTime
        /// Whether the radio that hears the beacon best is in another zone, although a radio of
        /// the beacon's own zone listens.
        let isElsewhere: Bool
        /// Whether an address of the beacon sends more identifiers than a beacon can.
        let isFleet: Bool
    }

    /// Looks at every condition but `missing`, which has a deadline of its own.
    ///
    /// - Returns: the findings as they are now.
    mutating func visit(
        _ track: borrowing BeaconTrack, _ rules: borrowing PresenceRules,
        _ around: Surroundings
    ) -> Findings {
        var findings = track.state.findings
        let limit = rules.leaveLimit(meanGap: track.intervals.meanGap)
        let overlap = max(Self.overlap, track.intervals.meanGap &* 3)
        let isDouble = track.addresses.hasConcurrent(
            at: around.now, overlap: overlap, recent: limit)
        let ratio = track.intervals.drift
        let allowed =
            findings.contains(.intervalDrift) ? Self.drift.clear : Self.drift.raise
        let isLow = battery.isLow(rules, was: findings.contains(.lowBattery))
        let isChurn = track.addresses.strays &- strays >= Self.straysToSuspect
        strays = track.addresses.strays

        let zone = rules.wrongZoneAfter
        weigh(.duplicate, isDouble, raise: 0, clear: Self.duplicateHold, &findings, around)
        weigh(.wrongZone, around.isElsewhere, raise: zone, clear: zone, &findings, around)
        weigh(.lowBattery, isLow, raise: 0, clear: 0, &findings, around)
        weigh(
            .intervalDrift, ratio < 1 - allowed || ratio > 1 + allowed, raise: 0, clear: 0,
            &findings, around)
        weigh(
            .suspect, isChurn || around.isFleet, raise: 0, clear: Self.suspectHold, &findings,
            around)
        return findings
    }

    /// Lets a finding follow its condition once they have differed for long enough.
    private mutating func weigh(
        _ finding: Finding, _ condition: Bool, raise: Int64, clear: Int64,
        _ findings: inout Findings, _ around: Surroundings
    ) {
        let index = Int(finding.rawValue)
        guard condition != findings.contains(finding) else {
            differs[index] = -1
            return
        }
        if differs[index] < 0 { differs[index] = around.now }
        guard around.now &- differs[index] >= (condition ? raise : clear) else { return }
        differs[index] = -1
        note(finding, at: around.at)
        if condition {
            findings.insert(Findings(finding))
        } else {
            findings.remove(Findings(finding))
        }
    }

    /// Notes when a finding was raised or cleared.
    mutating func note(_ finding: Finding, at: BootTime) {
        since[Int(finding.rawValue)] = at
    }

    /// Since when a finding is raised, or when it was cleared.
    func since(_ finding: Finding) -> BootTime { since[Int(finding.rawValue)] }
}
