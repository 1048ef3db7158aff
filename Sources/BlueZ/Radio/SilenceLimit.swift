internal import EventLoop

/// How long a radio may be silent, learned from its own rate.
///
/// Nobody can say once for all how much silence is too much: a mall has a thousand advertisements
/// a second, a shop at night one a minute. So the mean gap between advertisements is followed
/// (EWMA with weight 1/8: eight advertisements forget the past), and three of it are too much.
/// The gap is that of all advertisements together, and the more senders there are, the shorter
/// it is; so three mean gaps of the radio are far below the twelve mean gaps of one beacon that
/// its presence waits for.
public struct SilenceLimit: Hashable, Sendable {
    /// Below this nothing is done: bluetoothd restarts its scan every 10.24 s (the kernel's
    /// DISCOV_LE_TIMEOUT) and tries again 10 s after that failed.
    static let shortest: Int64 = 15_000_000_000
    /// A radio that is silent for longer is looked at, however rare its advertisements were.
    static let longest: Int64 = 90_000_000_000
    /// While nothing is known yet.
    static let unknown: Int64 = 30_000_000_000

    private var meanGap: Int64?

    /// Makes a limit that knows nothing yet.
    public init() {}

    /// Takes the time between two advertisements, in nanoseconds.
    mutating func learn(gap: Int64) {
        let gap = min(max(gap, 0), Self.longest)
        guard let mean = meanGap else {
            meanGap = gap
            return
        }
        // A gap that looked like a fault and was none: the same gap must not look so again.
        meanGap = gap > limit ? max(mean, gap / 3) : mean + (gap - mean) / 8
    }

    /// After so many nanoseconds of silence the radio is to be recovered.
    var limit: Int64 {
        guard let meanGap else { return Self.unknown }
        return min(max(meanGap * 3, Self.shortest), Self.longest)
    }

    /// After so many nanoseconds nobody can say whether beacons left or the radio went deaf.
    func doubt(_ shortest: Int64) -> Int64 {
        guard let meanGap else { return shortest }
        return min(max(meanGap * 3, shortest), Self.longest)
    }
}
