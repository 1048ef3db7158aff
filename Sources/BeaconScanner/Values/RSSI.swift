/// A received signal strength in dBm, as a controller reports it.
public struct RSSI: Hashable, Comparable, Sendable {
    /// Decibel-milliwatts, −127 to +20; `unavailable` is 127.
    public var dBm: Int8

    /// Makes a signal strength from dBm.
    @inlinable
    public init(_ dBm: Int8) {
        self.dBm = dBm
    }

    /// "RSSI is not available" (Core 5.4, Vol 4, Part E, §7.7.65.2).
    public static let unavailable = RSSI(127)

    /// Whether the controller measured a value within the range the specification gives.
    @inlinable
    public var isAvailable: Bool { dBm <= 20 && dBm > -128 }

    /// Orders from weak to strong.
    @inlinable
    public static func < (left: RSSI, right: RSSI) -> Bool { left.dBm < right.dBm }
}
