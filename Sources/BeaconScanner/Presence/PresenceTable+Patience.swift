/// How much silence a beacon is granted, in nanoseconds; learned from how often it is heard.
public struct Patience: Sendable, Hashable {
    /// After this much it leaves.
    public let untilLeft: Int64
    /// After this much a fixed beacon that has left is missing.
    public let untilMissing: Int64
}

extension PresenceTable {
    /// How much silence a configured beacon is granted now; nil for an index out of range.
    public func patience(of index: Int32) -> Patience? {
        guard index >= 0, Int(index) < tracks.count else { return nil }
        let gap = tracks[Int(index)].intervals.meanGap
        return Patience(
            untilLeft: rules.leaveLimit(meanGap: gap),
            untilMissing: rules.missingLimit(meanGap: gap))
    }
}
