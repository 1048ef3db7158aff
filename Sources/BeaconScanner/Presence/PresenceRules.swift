/// The settings in the units of the hot path, with the constants nobody needs to choose.
struct PresenceRules: Sendable {
    static let second: Int64 = 1_000_000_000

    /// An id enters after this many adverts from one address …
    static let advertsToEnter: UInt32 = 3
    /// … over at least this long, so that a burst of forged packets is not a beacon.
    static let timeToEnter = 1 * second
    /// Adverts further apart than this belong to different attempts to enter. It lets a 10.24 s
    /// advertiser, the slowest there is, lose four adverts in a row …
    static let attemptWindow = 60 * second
    /// … and a beacon that was here before may be silent for this many of its mean gaps, the
    /// default of `PresenceSettings.leaveAfterIntervals`.
    static let patientGaps: Int64 = 12
    /// A zone of proximity is kept for at least this long.
    static let proximityDwell = 1 * second
    /// A time step longer than this was not observed: see `PresenceClock`.
    static let longestStep = 3 * second
    /// How often the owner should call `tick`: a third of the longest step that counts.
    static let tickPeriod = 1 * second
    /// How long a present beacon goes unchecked; the most by which a leave is late when its
    /// learned interval has fallen since the last look.
    static let recheck = 5 * second
    /// Every beacon's audit runs once in this many ticks.
    static let auditSlices = 16

    let ranging: Ranging
    let leaveFloor: Int64
    let leaveCeiling: Int64
    let leaveAfterIntervals: Int64
    let missingAtStart: Int64
    let missingAfterIntervals: Int64
    let missingFloor: Int64
    let wrongZoneAfter: Int64
    let lowBatteryMillivolts: Float
    let lowBatteryPercent: UInt8
    let identifiersPerAddress: Int

    init(_ settings: PresenceSettings) {
        ranging = Ranging(pathLossExponent: settings.pathLossExponent)
        leaveFloor = max(Self.nanoseconds(settings.leaveFloor), 2 * Self.longestStep)
        leaveCeiling = max(Self.nanoseconds(settings.leaveCeiling), leaveFloor)
        leaveAfterIntervals = Int64(min(max(settings.leaveAfterIntervals, 1), 1_000))
        missingAtStart = Self.nanoseconds(settings.missingAtStart)
        missingAfterIntervals = Int64(min(max(settings.missingAfterIntervals, 1), 100_000))
        missingFloor = Self.nanoseconds(settings.missingFloor)
        wrongZoneAfter = Self.nanoseconds(settings.wrongZoneAfter)
        lowBatteryMillivolts = Float(settings.lowBatteryMillivolts)
        lowBatteryPercent = settings.lowBatteryPercent
        identifiersPerAddress = max(settings.identifiersPerAddress, 1)
    }

    /// A duration in nanoseconds, from nothing to ten years.
    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(seconds, 315_360_000) * second + attoseconds / 1_000_000_000
    }

    /// How much silence makes a beacon of this mean gap leave, in nanoseconds.
    func leaveLimit(meanGap: Int64) -> Int64 {
        min(max(meanGap &* leaveAfterIntervals, leaveFloor), leaveCeiling)
    }

    /// How much silence makes a beacon of this mean gap missing, in nanoseconds.
    func missingLimit(meanGap: Int64) -> Int64 {
        let limit = max(meanGap &* missingAfterIntervals, missingFloor)
        return max(limit, leaveLimit(meanGap: meanGap))
    }
}
