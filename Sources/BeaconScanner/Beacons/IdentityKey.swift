/// What the holder of an Eddystone-EID beacon knows about it since its registration.
public struct IdentityKey: Hashable, Sendable {
    /// The beacon's identifier in the catalog, of format `.eddystoneResolved`.
    public var beacon: BeaconID
    /// The identity key, 16 bytes.
    public var key: [UInt8]
    /// The identifier changes every 2ᴷ seconds; this is K, 0 to 15.
    public var rotationExponent: UInt8
    /// What the beacon's clock lags behind Unix time, in seconds: its clock shows Unix time less
    /// this.
    public var clockOffset: Int64

    /// Takes what is known about a beacon.
    ///
    /// - Returns: nil unless the identifier is of format `.eddystoneResolved`, the key has 16
    ///   bytes and the exponent is at most 15.
    public init?(beacon: BeaconID, key: [UInt8], rotationExponent: UInt8, clockOffset: Int64) {
        guard beacon.format == .eddystoneResolved, key.count == 16, rotationExponent <= 15 else {
            return nil
        }
        self.beacon = beacon
        self.key = key
        self.rotationExponent = rotationExponent
        self.clockOffset = clockOffset
    }

    /// The number of seconds an identifier is in use.
    var windowLength: Int64 { 1 << Int64(rotationExponent) }

    /// The window the beacon's clock is in at a Unix time: its first second.
    func window(atUnixSeconds unixSeconds: Int64) -> Int64 {
        (unixSeconds &- clockOffset) & ~(windowLength - 1)
    }

    /// The ephemeral identifier of a window; nil when the clock cannot show it or the cipher
    /// fails.
    ///
    /// (Eddystone-EID specification, "EID computation".) The temporary key is the encrypted
    /// block | 0 (11) | ff (1) | 0 (2) | time, bits 31 to 16 (2) |; the identifier is the first
    /// 8 bytes of | 0 (11) | K (1) | time with its lowest K bits cleared (4) |, encrypted with it.
    func identifier(ofWindow window: Int64, _ encrypt: BlockCipher) -> UInt64? {
        guard let time = UInt32(exactly: window) else { return nil }
        let zeros = [UInt8](repeating: 0, count: 11)
        let clock = Self.bytes(of: time)
        guard let temporaryKey = encrypt(zeros + [0xff, 0, 0] + clock.prefix(2), key),
            let block = encrypt(zeros + [rotationExponent] + clock, temporaryKey),
            block.count == 16
        else { return nil }
        return block.span.bigEndian(UInt64.self, at: 0)
    }

    /// The nonce of telemetry that was encrypted in a window: the window's time and the salt.
    func nonce(ofWindow window: Int64, salt: UInt16) -> [UInt8]? {
        guard let time = UInt32(exactly: window) else { return nil }
        return Self.bytes(of: time) + [UInt8(salt >> 8), UInt8(salt & 0xff)]
    }

    private static func bytes(of time: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: time >> $0) }
    }
}
