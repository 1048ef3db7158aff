/// How often a beacon is heard, and how often it advertises: two figures learned from the gaps
/// between adverts on its best radio.
///
/// - `meanGap`, for leaving, is the mean time between adverts *received*: a moving average over
///   about thirty gaps. Lost adverts lengthen it, and they should.
/// - `interval`, for the audit, is the time between adverts *sent*: the shortest of each sixteen
///   gaps, averaged over about seven such windows. Among sixteen gaps one without a loss is
///   practically sure (at nine lost in ten it is still missing in only 0.9¹⁶ = 19 % of windows),
///   so losses hardly move it.
struct IntervalEstimate: Sendable {
    /// Shorter gaps are one advertising event heard twice; no advertiser sends faster
    /// (Core 5.4, Vol 4, Part E, §7.8.5: 20 ms).
    static let shortestGap: Int64 = 20_000_000
    /// Longer ones are silence, not an interval.
    static let longestGap: Int64 = 600 * PresenceRules.second
    /// habluetooth, too, learns a device's interval from sixteen adverts.
    private static let window: UInt8 = 16
    /// The baseline is what four windows agree on.
    private static let windowsToBaseline: UInt8 = 4

    /// Mean gap between adverts received, in nanoseconds; 0 before the first gap.
    private(set) var meanGap: Int64 = 0
    private var windowShortest = Int64.max
    private var gaps: UInt8 = 0
    private var windows: UInt8 = 0
    private var averageShortest: Int64 = 0
    /// The interval the beacon had when it was first learned, in nanoseconds; 0 before.
    private(set) var baseline: Int64 = 0

    /// The advertising interval in nanoseconds; the mean gap before sixteen gaps are known.
    var interval: Int64 { windows > 0 ? averageShortest : meanGap }

    /// Learns from one gap in nanoseconds.
    @inline(__always)
    mutating func learn(_ gap: Int64) {
        guard gap >= Self.shortestGap, gap <= Self.longestGap else { return }
        if windows == 0, gaps < 4 {
            // The first few have no mean yet: the longest of them errs towards patience.
            meanGap = max(meanGap, gap)
        } else {
            // One gap moves the mean by half at most: a passing crowd is not a new interval.
            let bounded = min(gap, meanGap &* 8)
            meanGap &+= (bounded &- meanGap) >> 4
        }
        windowShortest = min(windowShortest, gap)
        gaps &+= 1
        if gaps >= Self.window { closeWindow() }
    }

    private mutating func closeWindow() {
        averageShortest =
            windows == 0
            ? windowShortest : averageShortest &+ (windowShortest &- averageShortest) >> 2
        if windows < .max { windows += 1 }
        if windows == Self.windowsToBaseline { baseline = averageShortest }
        windowShortest = .max
        gaps = 0
    }

    /// The beacon comes back with gaps of this mean: one that slowed down meanwhile must not be
    /// judged by its old pace.
    mutating func restart(meanGap gap: Int64) {
        meanGap = max(meanGap, min(gap, Self.longestGap))
    }

    /// How far the interval is from its baseline, as a ratio; 1 as long as there is no baseline.
    var drift: Double {
        guard baseline > 0, averageShortest > 0 else { return 1 }
        return Double(averageShortest) / Double(baseline)
    }
}
