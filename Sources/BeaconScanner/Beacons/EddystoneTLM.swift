/// A beacon's state of health, from an Eddystone-TLM frame.
///
/// wire: | battery (2, mV) | temperature (2, signed 8.8 °C) | advertisements (4) |
/// uptime (4, 0.1 s) |, highest byte first
public struct Telemetry: Hashable, Sendable {
    /// The battery's voltage in mV; nil when the beacon does not measure it (0 on air).
    public var battery: UInt16?
    /// The temperature in 1/256 °C; nil when the beacon does not measure it (0x8000 on air).
    public var temperature: Int16?
    /// How many advertisements it sent since it was switched on.
    public var advertisements: UInt32
    /// The time since it was switched on, in 0.1 s.
    public var uptime: UInt32

    /// The temperature in °C.
    public var celsius: Double? { temperature.map { Double($0) / 256 } }
    /// The time since it was switched on, in s.
    public var uptimeSeconds: Double { Double(uptime) / 10 }

    /// Reads a plain frame from its first byte on.
    ///
    /// wire: | 20 (1) | version 00 (1) | the 12 bytes above |
    ///
    /// Throws `FrameError`: `.otherFormat` for another frame type, `.version` when it is not the
    /// plain one, `.length` when it has not 14 bytes.
    public init(frame: Span<UInt8>) throws(FrameError) {
        let version = try EddystoneTLM.version(of: frame)
        guard version == EddystoneTLM.plain else { throw .version(version) }
        guard frame.count == 14 else { throw .length(frame.count) }
        self.init(body: frame.extracting(2..<14))
    }

    /// Reads the 12 bytes of a plain or decrypted frame.
    @inline(__always)
    init(body: Span<UInt8>) {
        let millivolts = body.bigEndian(UInt16.self, at: 0)
        let degrees = Int16(bitPattern: body.bigEndian(UInt16.self, at: 2))
        battery = millivolts == 0 ? nil : millivolts
        temperature = degrees == .min ? nil : degrees
        advertisements = body.bigEndian(UInt32.self, at: 4)
        uptime = body.bigEndian(UInt32.self, at: 8)
    }
}

/// The telemetry of a beacon with an identity key, as it is on air.
///
/// wire: | 20 (1) | version 01 (1) | encrypted telemetry (12) | salt (2) | tag (2) |
public struct EncryptedTelemetry: Hashable, Sendable {
    /// The encrypted bytes 0 to 7, first byte highest.
    public var high: UInt64
    /// The encrypted bytes 8 to 11, first byte highest.
    public var low: UInt32
    /// A number that the beacon changes with each frame.
    public var salt: UInt16
    /// The first two bytes of the authentication tag.
    public var tag: UInt16

    /// Reads a frame from its first byte on.
    ///
    /// Throws `FrameError`: `.otherFormat` for another frame type, `.version` when it is not the
    /// encrypted one, `.length` when it has not 18 bytes.
    public init(frame: Span<UInt8>) throws(FrameError) {
        let version = try EddystoneTLM.version(of: frame)
        guard version == EddystoneTLM.encrypted else { throw .version(version) }
        guard frame.count == 18 else { throw .length(frame.count) }
        high = frame.bigEndian(UInt64.self, at: 2)
        low = frame.bigEndian(UInt32.self, at: 10)
        salt = frame.bigEndian(UInt16.self, at: 14)
        tag = frame.bigEndian(UInt16.self, at: 16)
    }
}

/// The two versions of the telemetry frame.
enum EddystoneTLM {
    static let plain: UInt8 = 0x00
    static let encrypted: UInt8 = 0x01

    /// The version byte of a telemetry frame.
    @inline(__always)
    static func version(of frame: Span<UInt8>) throws(FrameError) -> UInt8 {
        try EddystoneFrame.check(frame, type: EddystoneFrame.tlm)
        guard frame.count >= 2 else { throw .length(frame.count) }
        return frame[1]
    }
}
