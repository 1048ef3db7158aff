/// A Bluetooth device address with its kind.
public struct DeviceAddress: Hashable, Sendable {
    /// What kind of address a report carried (Core 5.4, Vol 4, Part E, §7.7.65.13).
    public enum Kind: UInt8, Sendable {
        /// Assigned by the IEEE to the maker.
        case `public` = 0
        /// Chosen by the device: static or private, see `RandomKind`.
        case random = 1
        /// The public identity address of a resolved private address.
        case publicIdentity = 2
        /// The static random identity address of a resolved private address.
        case randomIdentity = 3
        /// The advertiser did not send an address.
        case anonymous = 0xff

        /// The kind of an address that was sent, by its number in a report; nil above 3.
        ///
        /// In the hot path, where `init(rawValue:)` is a call.
        @inlinable @inline(__always)
        init?(sent number: UInt8) {
            switch number {
            case 0: self = .public
            case 1: self = .random
            case 2: self = .publicIdentity
            case 3: self = .randomIdentity
            default: return nil
            }
        }
    }

    /// What the two highest bits of a random address say (Core 5.4, Vol 6, Part B, §1.3.2).
    public enum RandomKind: Sendable {
        /// `11`: kept at least until the device is restarted.
        case `static`
        /// `01`: resolvable with the identity resolving key.
        case resolvablePrivate
        /// `00`: not resolvable.
        case nonResolvablePrivate
        /// `10`: reserved for future use.
        case reserved
    }

    /// The 48 bits in display order: `11:22:…` has 0x11 in bits 47 to 40.
    public var bits: UInt64
    /// What kind of address it is.
    public var kind: Kind

    /// Makes an address from its 48 bits in display order; higher bits are dropped.
    @inlinable
    public init(bits: UInt64, kind: Kind) {
        self.bits = bits & 0xffff_ffff_ffff
        self.kind = kind
    }

    /// What kind of random address this is; nil for the other kinds.
    public var randomKind: RandomKind? {
        guard kind == .random else { return nil }
        switch bits >> 46 {
        case 0b11: return .static
        case 0b01: return .resolvablePrivate
        case 0b00: return .nonResolvablePrivate
        default: return .reserved
        }
    }
}

extension DeviceAddress: CustomStringConvertible {
    /// `11:22:33:44:55:66`, upper case, without the kind.
    public var description: String {
        stride(from: 40, through: 0, by: -8)
            .map { Hex.upper(UInt8(truncatingIfNeeded: bits >> UInt64($0))) }
            .joined(separator: ":")
    }

    /// Makes an address from `11:22:33:44:55:66`, in either case.
    public init?(_ text: String, kind: Kind = .public) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var bits: UInt64 = 0
        for part in parts {
            guard part.count == 2, let byte = Hex.bytes(part)?.first else { return nil }
            bits = bits << 8 | UInt64(byte)
        }
        self.init(bits: bits, kind: kind)
    }
}
