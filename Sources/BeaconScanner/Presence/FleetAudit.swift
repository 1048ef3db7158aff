/// The state of the fleet at one moment: what should be here and how it is.
///
/// Thresholds and units: silence, `PresenceSettings.missingAtStart` and the two after it; zones,
/// `wrongZoneAfter`; batteries, `lowBatteryMillivolts` and `lowBatteryPercent`; intervals ±30 %
/// of the first learned one; duplicates and counterfeits, `BeaconAudit`.
public struct FleetAudit: Sendable, Hashable {
    /// One finding about one configured beacon.
    public struct Entry: Sendable, Hashable {
        /// What was found.
        public let finding: Finding
        /// The beacon.
        public let id: BeaconID
        /// Its index in the configuration.
        public let index: Int32
        /// Since when.
        public let since: BootTime
    }

    /// The findings, by beacon in the configuration's order.
    public let entries: [Entry]
    /// The unknown beacons that matter most.
    public let unknown: [StrangerStatus]
    /// How many beacons are configured.
    public let configured: Int
    /// How many of them are present.
    public let present: Int
}

extension PresenceTable {
    /// The audit's result.
    ///
    /// - Parameter unknownLimit: at most this many unknown beacons.
    /// - Returns: every finding as it is now.
    public func fleetAudit(unknownLimit: Int = 50) -> FleetAudit {
        var entries: [FleetAudit.Entry] = []
        for (number, track) in tracks.enumerated() where !track.state.findings.isEmpty {
            for finding in Finding.allCases where track.state.findings.contains(finding) {
                entries.append(
                    FleetAudit.Entry(
                        finding: finding, id: track.id, index: Int32(truncatingIfNeeded: number),
                        since: audits[number].since(finding)))
            }
        }
        return FleetAudit(
            entries: entries, unknown: unknownBeacons(limit: unknownLimit),
            configured: tracks.count, present: presentCount)
    }
}
