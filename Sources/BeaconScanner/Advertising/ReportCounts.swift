/// What became of the advertising reports that a parser was given.
///
/// The counts balance: `received` = `delivered` + `fragments` + `dropped` + the reports among
/// `rejected`, see `rejectedReports`.
public struct ReportCounts: Equatable, Sendable, BitwiseCopyable {
    /// Reports that were split off from events, and link-layer packets.
    public var received: UInt64 = 0
    /// Advertisements that were delivered.
    public var delivered: UInt64 = 0
    /// Reports that were kept as a part of an advertisement still to come.
    public var fragments: UInt64 = 0
    /// Last reports of advertisements that had become too long.
    public var dropped: UInt64 = 0
    /// What was not used, by reason.
    public var rejected = RejectCounts()

    /// Makes counts of zero.
    public init() {}

    /// Reports that were refused one by one, for any reason.
    public var rejectedReports: UInt64 {
        let reasons: [RejectReason] = [
            .eventType, .addressType, .dataLength, .dataStatus, .linkLayerLength,
            .linkLayerSkipped,
        ]
        return reasons.reduce(0) { $0 &+ rejected[$1] }
    }
}
