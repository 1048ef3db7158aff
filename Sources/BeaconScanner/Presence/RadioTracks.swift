/// The radios that hear one beacon, and which of them hears it best.
///
/// A fixed few: a beacon in the earshot of more than four radios is placed well enough by four.
struct RadioTracks: Sendable {
    /// How many radios are kept apart.
    static let capacity = 4
    /// How much stronger another radio's smoothed level must be to take over, in dB.
    ///
    /// habluetooth switches at 16 dB of raw signal and holds a dead band of 6 dB. Levels here are
    /// smoothed to about 1.6 dB, their difference to about 2.3 dB, so 6 dB is more than two and a
    /// half standard deviations, and the way back needs the same again: a band of 12 dB.
    static let margin: Float = 6
    /// A radio that missed this many mean gaps has lost the beacon. A mean gap already counts
    /// lost adverts, so by chance alone this happens less than once in e⁸ ≈ 3,000 gaps.
    static let lostAfterGaps: Int64 = 8
    /// … but never sooner than this: a radio busy scanning for another purpose is not deaf.
    static let lostFloor = 3 * PresenceRules.second

    private(set) var slots: InlineArray<4, SignalTrack>
    private(set) var count = 0
    /// The index of the best one; 0 as long as there is none.
    private(set) var best = 0

    init() {
        slots = InlineArray(repeating: SignalTrack(radio: 0, at: 0))
    }

    /// The radio that hears the beacon best; nil before the first report.
    var bestRadio: UInt8? { count > 0 ? slots[best].radio : nil }

    /// The smoothed level of the best radio in dBm; nil when it measured none.
    @inline(__always)
    var rssi: Float? { slots[best].rssi }

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
    ///   - hearing: the radios that are known to listen; a best radio that does not gives way.
    ///   - meanGap: the beacon's learned mean gap, 0 when unknown.
    @inline(__always)
    mutating func hear(_ report: PresenceReport, hearing: RadioSet, meanGap: Int64) -> Heard {
        if count > 0, slots[best].radio == report.radio {
            let gap = report.now &- slots[best].lastHeard
            slots[best].hear(report.rssi, at: report.now)
            return Heard(gap: gap, isReading: report.rssi.isAvailable)
        }
        return hearOther(report, hearing: hearing, meanGap: meanGap)
    }

    /// A report from a radio that is not the best one.
    private mutating func hearOther(
        _ report: PresenceReport, hearing: RadioSet, meanGap: Int64
    ) -> Heard {
        guard let slot = slot(for: report) else { return Heard(gap: nil, isReading: false) }
        slots[slot].hear(report.rssi, at: report.now)
        guard slot != best else {  // the first radio of all
            return Heard(gap: nil, isReading: report.rssi.isAvailable)
        }
        let lostAfter = max(meanGap &* Self.lostAfterGaps, Self.lostFloor)
        let isLost =
            report.now &- slots[best].lastHeard > lostAfter
            || !hearing.contains(slots[best].radio)
        guard isLost || isClearlyBetter(slot) else { return Heard(gap: nil, isReading: false) }
        best = slot
        return Heard(gap: nil, isReading: report.rssi.isAvailable)
    }

    private func isClearlyBetter(_ slot: Int) -> Bool {
        let other = slots[slot]
        guard other.readings >= SignalTrack.readingsToTrust else { return false }
        guard let level = slots[best].rssi else { return true }
        return other.level > level + Self.margin
    }

    /// The place for a radio: its own, a free one, that of a radio long silent, or that of the
    /// weakest if the new one is clearly stronger. Never that of the best.
    private mutating func slot(for report: PresenceReport) -> Int? {
        for index in 0..<count where slots[index].radio == report.radio { return index }
        if count < Self.capacity {
            slots[count] = SignalTrack(radio: report.radio, at: report.now)
            count += 1
            return count - 1
        }
        var weakest: Int?
        for index in 0..<count where index != best {
            let track = slots[index]
            let isSilent = report.now &- track.lastHeard > PresenceRules.attemptWindow
            if isSilent || track.rssi == nil {
                weakest = index
                break
            }
            if weakest == nil || track.level < slots[weakest ?? 0].level { weakest = index }
        }
        guard let weakest else { return nil }
        let rival = slots[weakest]
        let isFree =
            rival.rssi == nil
            || report.now &- rival.lastHeard > PresenceRules.attemptWindow
        guard
            isFree || report.rssi.isAvailable && Float(report.rssi.dBm) > rival.level + Self.margin
        else { return nil }
        slots[weakest] = SignalTrack(radio: report.radio, at: report.now)
        return weakest
    }
}

/// A set of radios: one bit for each of the 256 numbers.
struct RadioSet: Sendable {
    private var words: InlineArray<4, UInt64> = InlineArray(repeating: 0)

    @inline(__always)
    func contains(_ radio: UInt8) -> Bool {
        words[Int(radio >> 6)] >> UInt64(radio & 63) & 1 == 1
    }

    mutating func insert(_ radio: UInt8) {
        words[Int(radio >> 6)] |= 1 << UInt64(radio & 63)
    }

    mutating func remove(_ radio: UInt8) {
        words[Int(radio >> 6)] &= ~(1 << UInt64(radio & 63))
    }

    var isEmpty: Bool { (words[0] | words[1] | words[2] | words[3]) == 0 }
}
