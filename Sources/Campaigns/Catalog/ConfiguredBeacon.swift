public import BeaconScanner

/// A beacon the operator knows: what it says it is, and where it hangs or who wears it.
public struct ConfiguredBeacon: Hashable, Sendable {
    /// Where a beacon is.
    public enum Placement: Hashable, Sendable {
        /// Fixed in this zone.
        case zone(String)
        /// Worn by this holder, an opaque key; its zone is wherever the holder is.
        case worn(holder: String)
    }

    /// A place on the floor plan, in metres from the plan's origin.
    public struct FloorPosition: Hashable, Sendable {
        /// Metres to the right.
        public var x: Double
        /// Metres up.
        public var y: Double

        /// Makes a place.
        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// What is needed to recognize a beacon whose identifier changes (Eddystone-EID).
    public struct EphemeralIdentity: Hashable, Sendable {
        /// The file with the 16-byte identity key in hexadecimal: a path, or without a slash the
        /// name of a systemd credential.
        public var keyFile: String
        /// The exponent K: the identifier changes every 2^K seconds, 0 to 15.
        public var rotation: UInt8
        /// The Unix time at which the beacon's own clock was 0, in seconds.
        public var epoch: Int64

        /// Makes an identity.
        public init(keyFile: String, rotation: UInt8, epoch: Int64) {
            self.keyFile = keyFile
            self.rotation = rotation
            self.epoch = epoch
        }
    }

    /// What it says it is.
    public var id: BeaconID
    /// Where it is.
    public var placement: Placement
    /// Its name for people.
    public var label: String?
    /// The signal strength at one metre in dBm, where the operator measured a better value than
    /// the beacon sends.
    public var measuredPower: Int8?
    /// Where it hangs on the floor plan.
    public var position: FloorPosition?
    /// How to recognize it, for `eddystone-eid:` identifiers.
    public var identity: EphemeralIdentity?

    /// Makes a beacon.
    public init(
        id: BeaconID, placement: Placement, label: String? = nil, measuredPower: Int8? = nil,
        position: FloorPosition? = nil, identity: EphemeralIdentity? = nil
    ) {
        self.id = id
        self.placement = placement
        self.label = label
        self.measuredPower = measuredPower
        self.position = position
        self.identity = identity
    }

    /// The zone of a fixed beacon; nil for a worn one.
    public var zone: String? {
        if case .zone(let zone) = placement { zone } else { nil }
    }

    /// The holder of a worn beacon; nil for a fixed one.
    public var holder: String? {
        if case .worn(let holder) = placement { holder } else { nil }
    }
}
