internal import BeaconScanner

/// Which adapter is meant.
///
/// The kernel numbers adapters in the order in which they appear, so after a replug or a reboot
/// `hci0` may be another one. The address stays: name it where there is more than one.
public enum AdapterSelector: Hashable, Sendable, CustomStringConvertible {
    /// The one with the lowest number, and while it is there no other.
    case first
    /// The one with this number, such as `hci0`.
    case name(String)
    /// The one with this address: the 48 bits in display order.
    case address(UInt64)

    /// Reads `hci0` or `00:1A:7D:DA:71:13`; nil, the absent value, means the first adapter.
    ///
    /// - Returns: nil when the text is neither.
    public init?(_ text: String?) {
        guard let text else {
            self = .first
            return
        }
        if let address = DeviceAddress(text) {
            self = .address(address.bits)
        } else if Self.isName(text) {
            self = .name(text)
        } else {
            return nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard text.hasPrefix("hci") else { return false }
        let number = text.utf8.dropFirst(3)
        return (1...5).contains(number.count)
            && number.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    /// The adapter that is meant, among those that are there.
    ///
    /// - Parameters:
    ///   - adapters: those that are there.
    ///   - current: the path of the one in use, which `.first` keeps.
    /// - Returns: nil when it is not there.
    public func choose(from adapters: some Sequence<Adapter>, current: String?) -> Adapter? {
        switch self {
        case .name(let name): adapters.first { $0.name == name }
        case .address(let bits): adapters.first { $0.address?.bits == bits }
        case .first:
            // `hci10` comes after `hci9`: shorter names first.
            adapters.first { $0.path == current }
                ?? adapters.min { ($0.path.utf8.count, $0.path) < ($1.path.utf8.count, $1.path) }
        }
    }

    /// How it was written, or `any` for the first.
    public var description: String {
        switch self {
        case .first: "any"
        case .name(let name): name
        case .address(let bits): DeviceAddress(bits: bits, kind: .public).description
        }
    }
}
