/// Why bytes from the air, a controller or a capture were not used.
public enum RejectReason: UInt8, CaseIterable, Sendable {
    // HCI events
    /// An event is shorter than its length byte says; its whole reports are used.
    case truncatedEvent
    /// An event says that it holds no report.
    case noReports
    /// A report that an event announces but does not hold.
    case missingReport
    /// An event holds bytes behind its last report.
    case trailingBytes

    // Reports
    /// A report's event type is none of the known ones.
    case eventType
    /// A report's address type is none of the known ones.
    case addressType
    /// A report says it has more data than its kind can carry.
    case dataLength
    /// A report's data status is the reserved one.
    case dataStatus

    // Extended advertisements in several reports
    /// An advertisement's next fragment did not come in time.
    case chainTimedOut
    /// An advertisement's fragments are longer than an advertisement can be.
    case chainTooLong
    /// An advertisement's fragments gave way to a newer advertisement's.
    case chainEvicted

    // Link-layer packets of a sniffer
    /// A packet does not hold what its header says.
    case linkLayerLength
    /// A packet of a kind that carries no advertisement or only a part of one.
    case linkLayerSkipped

    // Advertising data
    /// A structure is longer than what is left of the payload.
    case truncatedStructure
    /// An Apple iBeacon message of a wrong length.
    case malformedIBeacon
    /// An AltBeacon of a wrong length.
    case malformedAltBeacon
    /// An Eddystone frame that breaks its format.
    case malformedEddystone

    /// The name used in counters and on the bus, such as `truncated-event`.
    public var name: String {
        switch self {
        case .truncatedEvent: "truncated-event"
        case .noReports: "no-reports"
        case .missingReport: "missing-report"
        case .trailingBytes: "trailing-bytes"
        case .eventType: "event-type"
        case .addressType: "address-type"
        case .dataLength: "data-length"
        case .dataStatus: "data-status"
        case .chainTimedOut: "chain-timed-out"
        case .chainTooLong: "chain-too-long"
        case .chainEvicted: "chain-evicted"
        case .linkLayerLength: "link-layer-length"
        case .linkLayerSkipped: "link-layer-skipped"
        case .truncatedStructure: "truncated-structure"
        case .malformedIBeacon: "malformed-ibeacon"
        case .malformedAltBeacon: "malformed-altbeacon"
        case .malformedEddystone: "malformed-eddystone"
        }
    }
}

/// How often bytes were not used, by reason.
///
/// A trivially copyable value: a status page takes a copy, the hot path adds one.
public struct RejectCounts: Sendable, BitwiseCopyable {
    @usableFromInline
    var counts = InlineArray<17, UInt64>(repeating: 0)

    /// Makes counts of zero.
    public init() {}

    /// How often it happened.
    public subscript(reason: RejectReason) -> UInt64 {
        counts[Int(reason.rawValue)]
    }

    /// The sum over all reasons.
    public var total: UInt64 {
        RejectReason.allCases.reduce(0) { $0 &+ self[$1] }
    }

    /// Adds the counts of another stage.
    public mutating func add(_ other: RejectCounts) {
        for reason in RejectReason.allCases { count(reason, other[reason]) }
    }

    @inlinable @inline(__always)
    mutating func count(_ reason: RejectReason, _ times: UInt64 = 1) {
        counts[Int(reason.rawValue)] &+= times
    }
}

extension RejectCounts: Equatable {
    /// Whether every reason has the same count.
    public static func == (left: RejectCounts, right: RejectCounts) -> Bool {
        RejectReason.allCases.allSatisfy { left[$0] == right[$0] }
    }
}
