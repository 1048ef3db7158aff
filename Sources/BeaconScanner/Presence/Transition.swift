/// A change in what is known of a configured beacon.
public struct Transition: Sendable, Hashable {
    /// What changed.
    public enum Change: Sendable, Hashable {
        /// The beacon is here: at least three adverts from one address over at least a second.
        case entered
        /// The beacon was silent for longer than its own intervals explain.
        case left
        /// The beacon came nearer or went further away.
        case proximityChanged(from: Proximity)
        /// A worn beacon is heard best in another zone, or, where the radios have no zones, by
        /// another radio. The zone it was in, nil when none.
        case moved(from: Int32?)
        /// The beacon should be heard and is not.
        case missing
        /// A missing beacon is heard again; its `entered` follows.
        case found
        /// The audit noticed something.
        case raised(Finding)
        /// What the audit noticed is over.
        case cleared(Finding)
    }

    /// What changed.
    public let change: Change
    /// The beacon.
    public let id: BeaconID
    /// The beacon's index in the configuration; −1 when the configuration that is in force now
    /// does not know it.
    public internal(set) var index: Int32
    /// The zone: a fixed beacon's own, a worn beacon's where it is heard best.
    public let zone: Int32?
    /// The radio that hears it best.
    public let radio: UInt8
    /// How near it is.
    public let proximity: Proximity
    /// The smoothed signal strength in dBm; nil when no radio measured any.
    public let rssi: Float?
    /// When the change was noticed.
    public let at: BootTime
    /// When the beacon was last heard; nil when it never was.
    public let lastHeard: BootTime?
    /// Since when what began or ended has lasted: for `entered`, `left`, `moved` and
    /// `proximityChanged` the instant of entering, for the others that of the finding.
    public let since: BootTime
}
