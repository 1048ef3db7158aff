/// What is known of a beacon that no configuration names.
public struct StrangerStatus: Sendable, Hashable {
    /// The beacon.
    public let id: BeaconID
    /// Whether it shares its UUID or namespace with a configured beacon: one of ours that nobody
    /// registered, or somebody posing as one.
    public let isRelated: Bool
    /// The smoothed signal strength in dBm at the radio that heard it first.
    public let rssi: Float?
    /// The advertised power at 1 m in dBm.
    public let measuredPower: Int8
    /// The distance in meters; nil without a level or a plausible power.
    public let distance: Double?
    /// How near it is, without hysteresis.
    public let proximity: Proximity
    /// The radio that `rssi` is from.
    public let radio: UInt8
    /// The address heard last.
    public let address: DeviceAddress
    /// When it was first heard.
    public let firstHeard: BootTime
    /// When it was last heard.
    public let lastHeard: BootTime
    /// Adverts heard so far.
    public let adverts: UInt64
}
