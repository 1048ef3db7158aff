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
