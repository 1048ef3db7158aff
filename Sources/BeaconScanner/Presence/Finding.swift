/// What the audit of the fleet can notice about a configured beacon.
public enum Finding: UInt8, Sendable, CaseIterable {
    /// Not heard since the start, or since it left, for longer than its intervals explain.
    case missing = 0
    /// Two devices send this identifier at the same time.
    case duplicate = 1
    /// A fixed beacon is heard best in another zone.
    case wrongZone = 2
    /// The battery is low.
    case lowBattery = 3
    /// The beacon advertises more often or more rarely than it first did, by 30 % or more.
    case intervalDrift = 4
    /// Somebody counterfeits this identifier: it comes from ever new addresses, or from an
    /// address that sends a fleet of them.
    case suspect = 5

    /// The name used in events and on the bus.
    public var name: String {
        switch self {
        case .missing: "missing"
        case .duplicate: "duplicate"
        case .wrongZone: "wrong-zone"
        case .lowBattery: "low-battery"
        case .intervalDrift: "interval-drift"
        case .suspect: "suspect"
        }
    }
}

/// A set of findings.
public struct Findings: OptionSet, Sendable, Hashable {
    /// One bit for each finding, at its raw value.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Makes a set of one finding.
    public init(_ finding: Finding) {
        rawValue = 1 << finding.rawValue
    }

    /// Whether the set has a finding.
    public func contains(_ finding: Finding) -> Bool {
        contains(Findings(finding))
    }

    /// The finding with the lowest number; nil for the empty set.
    var first: Finding? {
        Finding(rawValue: UInt8(truncatingIfNeeded: rawValue.trailingZeroBitCount))
    }
}
