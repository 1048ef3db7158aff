/// The radios that hear one beacon, and which of them hears it best.
///
/// Four at most: a beacon in the earshot of more is placed well enough by those.
struct RadioTracks: Sendable {
    /// How much stronger another radio's smoothed level must be to take over, in dB.
    ///
    /// habluetooth switches at 16 dB of raw signal and holds a dead band of 6 dB. Levels here are
    /// smoothed to about 1.5 dB at one advert a second, their difference to 2.1 dB, so 6 dB is
    /// almost three standard deviations, and the way back needs the same again: a band of 12 dB.
    static let margin: Float = 6
    /// A radio that missed this many mean gaps has lost the beacon. A mean gap already counts
    /// lost adverts, so by chance alone this happens less than once in e⁸ ≈ 3,000 gaps.
    static let lostAfterGaps: Int64 = 8
    /// … but never sooner than this: a radio busy scanning for another purpose is not deaf.
    static let lostFloor = 3 * PresenceRules.second

    /// The radio that hears the beacon best; first in memory, as most reports are its own.
    private(set) var best = SignalTrack(radio: 0, at: 0)
    /// How many radios are kept, the best one included; 0 before the first report.
    private(set) var count = 0
    private var others: InlineArray<3, SignalTrack>

    init() {
        others = InlineArray(repeating: SignalTrack(radio: 0, at: 0))
    }

    /// The tracks by number: 0 is the best one, up to `count`.
    subscript(number: Int) -> SignalTrack { number == 0 ? best : others[number - 1] }

    /// What one report did.
    struct Heard {
        /// The time since the best radio last heard the beacon; nil when another radio reported.
        var gap: Int64?
        /// Whether the report came from the radio that is best now, with a signal strength.
        var isReading: Bool
    }

    /// Takes a report.
    ///
    /// - Parameters:
    ///   - report: what was heard.
    ///   - table: which radios listen; a best radio that does not gives way.
    ///   - meanGap: the beacon's learned mean gap, 0 when unknown.
    /// - Returns: the gap it ends and whether it moved the best radio's level.
    @inline(__always)
    mutating func hear(
        _ report: PresenceReport, _ table: borrowing RadioTable, meanGap: Int64
    ) -> Heard {
        if best.radio == report.radio, count > 0 {
            let gap = report.now &- best.lastHeard
            best.hear(report.rssi, at: report.now)
            return Heard(gap: gap, isReading: report.rssi.isAvailable)
        }
        let isBest = hearOther(report, table, meanGap: meanGap)
        return Heard(gap: nil, isReading: isBest && report.rssi.isAvailable)
    }

    /// A report from a radio that is not the best one.
    ///
    /// - Returns: whether it is now.
    private mutating func hearOther(
        _ report: PresenceReport, _ table: borrowing RadioTable, meanGap: Int64
    ) -> Bool {
        guard count > 0 else {
            count = 1
            best = SignalTrack(radio: report.radio, at: report.now)
            best.hear(report.rssi, at: report.now)
            return true
        }
        guard let place = place(for: report) else { return false }
        others[place].hear(report.rssi, at: report.now)
        let lostAfter = max(meanGap &* Self.lostAfterGaps, Self.lostFloor)
        let isLost =
            report.now &- best.lastHeard > lostAfter || !table.hearing.contains(best.radio)
        guard isLost || isClearlyBetter(others[place]) else { return false }
        let former = best
        best = others[place]
        others[place] = former
        return true
    }

    /// Makes the loudest radio the best one, without margin: a beacon that enters was in no zone
    /// before, and the first advert may have been lost where it is loudest.
    mutating func chooseLoudest(at now: Int64) {
        for place in 0..<max(count - 1, 0) {
            let track = others[place]
            let isRecent = now &- track.lastHeard <= PresenceRules.attemptWindow
            guard isRecent, track.readings > 0, best.readings == 0 || track.level > best.level
            else { continue }
            others[place] = best
            best = track
        }
    }

    private func isClearlyBetter(_ other: SignalTrack) -> Bool {
        guard other.readings >= SignalTrack.readingsToTrust else { return false }
        guard let level = best.rssi else { return true }
        return other.level > level + Self.margin
    }

    /// The place of a radio among the others: its own, a free one, that of a radio long silent,
    /// or that of the weakest if the new one is clearly stronger.
    private mutating func place(for report: PresenceReport) -> Int? {
        let used = count - 1
        for place in 0..<used where others[place].radio == report.radio { return place }
        guard let free = freePlace(for: report, used: used) else { return nil }
        others[free] = SignalTrack(radio: report.radio, at: report.now)
        if free == used { count += 1 }
        return free
    }

    private func freePlace(for report: PresenceReport, used: Int) -> Int? {
        if used < others.count { return used }
        var weakest = 0
        for place in 0..<used {
            let track = others[place]
            let isSilent = report.now &- track.lastHeard > PresenceRules.attemptWindow
            if isSilent || track.readings == 0 { return place }
            if track.level < others[weakest].level { weakest = place }
        }
        let isStronger = Float(report.rssi.dBm) > others[weakest].level + Self.margin
        return report.rssi.isAvailable && isStronger ? weakest : nil
    }
}
