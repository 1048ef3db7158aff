/// A beacon the configuration knows, as the presence table needs it.
public struct KnownBeacon: Sendable, Hashable {
    /// What the beacon sends.
    public var id: BeaconID
    /// The power measured at 1 m, in dBm; it overrides the advertised one.
    public var measuredPower: Int8?
    /// The index of the zone the beacon is fixed in.
    public var zone: Int32?
    /// Whether a person or a vehicle carries the beacon: it has no zone of its own, moves with
    /// its holder, and is not missing when it is out.
    public var isWorn: Bool

    /// Makes a configured beacon.
    public init(
        id: BeaconID, measuredPower: Int8? = nil, zone: Int32? = nil, isWorn: Bool = false
    ) {
        self.id = id
        self.measuredPower = measuredPower
        self.zone = zone
        self.isWorn = isWorn
    }
}
