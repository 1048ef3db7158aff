/// An Eddystone-UID frame.
///
/// wire: | 00 (1) | TX power (1, dBm at 0 m) | namespace (10) | instance (6) | reserved (2) |
///
/// Older senders leave out the reserved bytes.
public struct EddystoneUID: Hashable, Sendable {
    /// Namespace and instance.
    public var id: BeaconID
    /// The power at 0 m, in dBm.
    public var powerAtZero: Int8

    /// The signal strength at 1 m, in dBm.
    public var measuredPower: Int8 { EddystoneFrame.powerAtOneMetre(powerAtZero) }

    /// Whether the power is one that the specification allows, −100 to +20 dBm. A frame with
    /// another one is read all the same: its sender is here, and only distances suffer.
    public var hasAllowedPower: Bool { EddystoneFrame.powers.contains(powerAtZero) }

    /// Reads a frame from its first byte on.
    ///
    /// Throws `FrameError`: `.otherFormat` for another frame type, `.length` when it has neither
    /// 18 nor 20 bytes, `.reserved` when the low nibble of the first byte is set.
    public init(frame: Span<UInt8>) throws(FrameError) {
        try EddystoneFrame.check(frame, type: EddystoneFrame.uid)
        guard frame.count == 18 || frame.count == 20 else { throw .length(frame.count) }
        let body = frame.extracting(0..<18)
        powerAtZero = body.signed(at: 1)
        id = BeaconID(
            format: .eddystoneUID, length: 16, high: body.bigEndian(UInt64.self, at: 2),
            middle: body.bigEndian(UInt64.self, at: 10), low: 0)
    }
}
