/// What is known of one configured beacon.
public struct BeaconStatus: Sendable, Hashable {
    /// Where a beacon stands.
    public enum State: UInt8, Sendable, CaseIterable {
        /// No advert since it was configured.
        case neverHeard = 0
        /// Here.
        case present = 1
        /// Heard once, and gone or not yet entered.
        case absent = 2
        /// Absent for longer than it should be.
        case missing = 3

        /// The name used on the bus.
        public var name: String {
            switch self {
            case .neverHeard: "never-heard"
            case .present: "present"
            case .absent: "absent"
            case .missing: "missing"
            }
        }
    }

    /// The beacon.
    public let id: BeaconID
    /// Its index in the configuration.
    public let index: Int32
    /// Where it stands.
    public let state: State
    /// The smoothed signal strength at the best radio in dBm; nil when none was measured.
    public let rssi: Float?
    /// The power at 1 m that counts, in dBm: the catalog's, else the advertised one.
    public let measuredPower: Int8
    /// The distance in meters by the log-distance model; nil without a level or a plausible power.
    public let distance: Double?
    /// How near it is; `unknown` when it is not present.
    public let proximity: Proximity
    /// The zone: a fixed beacon's own, a worn beacon's where it is heard best.
    public let zone: Int32?
    /// The radio that hears it best; nil when none did.
    public let radio: UInt8?
    /// The address heard last.
    public let address: DeviceAddress?
    /// When it was last heard.
    public let lastHeard: BootTime?
    /// When its present or last stay began.
    public let enteredAt: BootTime?
    /// Adverts heard so far, on all radios.
    public let adverts: UInt64
    /// The advertising interval in nanoseconds, see `IntervalEstimate`; nil before it is known.
    public let interval: Int64?
    /// The smoothed battery voltage in mV.
    public let batteryMillivolts: Int?
    /// The battery's charge in per cent.
    public let batteryPercent: UInt8?
    /// Days until the battery is low, at most; nil when the trend is not clear.
    public let batteryDaysLeft: Double?
    /// What the audit found.
    public let findings: Findings
}
