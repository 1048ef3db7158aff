/// What an installation may choose about presence; everything else is derived or learned.
public struct PresenceSettings: Sendable {
    /// The path-loss exponent n of the building: 2 in free space, 2.5 to 4 indoors.
    public var pathLossExponent = 2.0

    /// No beacon leaves before this much silence. 10 s is what phones' libraries use; a shopper
    /// standing before a beacon swallows several seconds of adverts. At least 6 s, twice what a
    /// stalled machine may take for silence.
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
