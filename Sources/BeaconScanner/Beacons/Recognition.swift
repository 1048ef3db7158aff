/// A beacon's identifier with the signal strength to expect of it.
public struct BeaconFrame: Hashable, Sendable {
    /// What the beacon says it is.
    public var id: BeaconID
    /// The signal strength at 1 m that the beacon claims, in dBm.
    public var measuredPower: Int8

    /// Makes a frame.
    @inlinable
    public init(id: BeaconID, measuredPower: Int8) {
        self.id = id
        self.measuredPower = measuredPower
    }
}

/// What was recognized in a payload: a trivial value.
public enum Recognition: Hashable, Sendable {
    /// A beacon's identifier.
    case beacon(BeaconFrame)
    /// A beacon's state of health. It carries no identifier: it is the beacon's that sends from
    /// the same address.
    case telemetry(Telemetry)
    /// The same, encrypted with the beacon's identity key; see `EphemeralResolver`.
    case encryptedTelemetry(EncryptedTelemetry)
    /// A device that speaks WeChat's AirSync or sport protocol.
    case airSync(AirSyncDevice)
}
