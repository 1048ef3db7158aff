/// One report of a configured beacon, as its record takes it.
struct PresenceReport: Sendable {
    /// The sender's address, see `AddressKey`.
    let address: AddressKey
    /// Observed time.
    let now: Int64
    /// The caller's time.
    let at: BootTime
    let rssi: RSSI
    /// The advertised power at 1 m in dBm.
    let measuredPower: Int8
    let radio: UInt8
    /// Counts the jumps of the clock; a gap across one is not an interval.
    let epoch: UInt32
}
