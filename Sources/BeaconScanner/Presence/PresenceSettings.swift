/// What an installation may choose about presence; everything else is derived or learned.
public struct PresenceSettings: Sendable {
    /// The path-loss exponent n of the building: 2 in free space, 2.5 to 4 indoors.
    public var pathLossExponent = 2.0

    /// No beacon leaves before this much silence. 10 s is what phones' libraries use; a shopper
    /// standing before a beacon swallows several seconds of adverts.
    public var leaveFloor = Duration.seconds(10)

    /// Every beacon leaves after this much silence, however slow it is: fifty-eight intervals of
    /// the slowest legacy advertiser (10.24 s; Core 5.4, Vol 4, Part E, §7.8.5).
    public var leaveCeiling = Duration.seconds(600)

    /// How many learned intervals of silence are a leave.
    ///
    /// The learned figure is the mean gap between adverts *received*. If adverts are lost at
    /// random, a gap exceeds k mean gaps with a probability below e⁻ᵏ, whatever the loss. At
    /// k = 12 that is 6·10⁻⁶: a beacon that loses nine of ten adverts falsely leaves once in
    /// 163,000 gaps, one that loses half of them once in 2²⁴.
    public var leaveAfterIntervals = 12

    /// A configured, fixed beacon that was never heard is missing after this long, counted from
    /// its configuration or from the first moment a radio listened, whichever is later.
    public var missingAtStart = Duration.seconds(600)

    /// A fixed beacon that left is missing after this many learned intervals of silence …
    public var missingAfterIntervals = 60

    /// … but not before this long: five minutes of shop are a pallet in the way.
    public var missingFloor = Duration.seconds(300)

    /// Below this voltage a battery is low. A lithium coin cell gives 3.0 V for most of its life
    /// and falls steeply from about 2.5 V; most beacons stop between 2.0 and 1.8 V.
    public var lowBatteryMillivolts: UInt16 = 2_400

    /// Below this charge, in per cent, a battery is low, for beacons that tell a percentage.
    public var lowBatteryPercent: UInt8 = 15

    /// A beacon heard best by a radio of another zone for this long is in the wrong zone.
    public var wrongZoneAfter = Duration.seconds(300)

    /// How many configured identifiers one device address may send. Multi-slot beacons send up to
    /// about eight; a sender of more counterfeits a fleet, and no identifier enters by its address.
    /// (A repeater that sends on what it hears looks the same.)
    public var identifiersPerAddress = 16

    /// How many unknown beacons are remembered, rounded up to a power of two from 64 to 65,536.
    public var unknownCapacity = 1_024

    /// How many transitions wait for their owner; more wait in the state of the beacons.
    public var transitionCapacity = 1_024

    /// Makes the default settings.
    public init() {}
}

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
