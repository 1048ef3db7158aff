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

/// A device address in one word, so that it compares in one instruction.
///
/// Bits 0 to 47 are the address, 48 and 49 its kind. A resolved identity counts as the public or
/// random address it names: it is the same device.
struct AddressKey: Hashable, Sendable {
    let word: UInt64

    private static let anonymous: UInt64 = 2

    @inline(__always)
    init(_ address: DeviceAddress) {
        let raw = UInt64(address.kind.rawValue)
        let kind = raw <= 3 ? raw & 1 : Self.anonymous
        word = address.bits | kind << 48
    }

    var address: DeviceAddress {
        let kind: DeviceAddress.Kind =
            switch word >> 48 {
            case 0: .public
            case 1: .random
            default: .anonymous
            }
        return DeviceAddress(bits: word, kind: kind)
    }
}
