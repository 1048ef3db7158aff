/// An Eddystone-EID frame: an identifier that changes and that only the holder of the beacon's
/// identity key can explain (see `EphemeralResolver`).
///
/// wire: | 30 (1) | TX power (1, dBm at 0 m) | ephemeral identifier (8) |
public struct EddystoneEID: Hashable, Sendable {
    /// The ephemeral identifier, first byte highest.
    public var identifier: UInt64
    /// The power at 0 m, in dBm.
    public var powerAtZero: Int8

    /// The identifier as a beacon's, for a beacon that nobody explains.
    public var id: BeaconID {
        BeaconID(format: .eddystoneEphemeral, length: 8, high: identifier, middle: 0, low: 0)
    }

    /// The signal strength at 1 m, in dBm.
    public var measuredPower: Int8 { EddystoneFrame.powerAtOneMetre(powerAtZero) }

    /// Whether the power is one that the specification allows, −100 to +20 dBm. A frame with
    /// another one is read all the same: its sender is here, and only distances suffer.
    public var hasAllowedPower: Bool { EddystoneFrame.powers.contains(powerAtZero) }

    /// Reads a frame from its first byte on.
    ///
    /// Throws `FrameError`: `.otherFormat` for another frame type, `.length` when it has not 10
    /// bytes, `.reserved` when the low nibble of the first byte is set.
    public init(frame: Span<UInt8>) throws(FrameError) {
        try EddystoneFrame.check(frame, type: EddystoneFrame.eid)
        guard frame.count == 10 else { throw .length(frame.count) }
        powerAtZero = frame.signed(at: 1)
        identifier = frame.bigEndian(UInt64.self, at: 2)
    }
}
