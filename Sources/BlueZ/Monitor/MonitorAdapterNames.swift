internal import BeaconScanner

extension MonitorAdapters {
    /// The number of the adapter that is meant; nil while there is none.
    func number(of selector: AdapterSelector) -> UInt16? {
        switch selector {
        case .first: all.first?.number
        case .name(let name):
            Self.number(named: name).flatMap { number in
                all.contains { $0.number == number } ? number : nil
            }
        case .address(let bits): all.first { $0.address.bits == bits }?.number
        }
    }

    /// N of `hciN`.
    static func number(named name: String) -> UInt16? {
        name.hasPrefix("hci") ? UInt16(name.dropFirst(3)) : nil
    }
}
