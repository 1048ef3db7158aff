public import BeaconScanner

/// The adapters of the machine, learned from the monitor channel: to each socket that is bound the
/// kernel first tells every adapter there is, and then what becomes of them.
public struct MonitorAdapters: Sendable {
    /// An adapter.
    public struct Adapter: Hashable, Sendable {
        /// N of hciN.
        public var number: UInt16
        /// Its address; zeros until the kernel has asked for it.
        public var address: DeviceAddress
        /// Whether it can be used: its transport is open.
        public var isOpen: Bool
    }

    /// More adapters than any machine has; the memory has a bound even if a kernel goes mad.
    static let capacity = 64

    /// The adapters there are, by number.
    public private(set) var all: [Adapter] = []

    /// Makes an empty list.
    public init() { all.reserveCapacity(Self.capacity) }

    /// Takes what a frame tells of adapters.
    ///
    /// - Returns: whether anything changed.
    public mutating func take(_ frame: MonitorFrame) -> Bool {
        switch frame.content {
        case .added(let address, _): return update(frame.adapter, address, isOpen: false)
        case .identified(let address, _): return update(frame.adapter, address, isOpen: nil)
        case .opened: return update(frame.adapter, nil, isOpen: true)
        case .closed: return update(frame.adapter, nil, isOpen: false)
        case .removed:
            let count = all.count
            all.removeAll { $0.number == frame.adapter }
            return all.count != count
        default: return false
        }
    }

    private mutating func update(
        _ number: UInt16, _ address: DeviceAddress?, isOpen: Bool?
    ) -> Bool {
        guard number != MonitorFrame.noAdapter else { return false }
        let place = all.firstIndex { $0.number >= number } ?? all.count
        let known = place < all.count && all[place].number == number ? all[place] : nil
        guard known != nil || all.count < Self.capacity else { return false }
        let new = Adapter(
            number: number, address: address ?? known?.address ?? .unknown,
            isOpen: isOpen ?? known?.isOpen ?? false)
        guard new != known else { return false }
        all.replaceSubrange(place..<(known == nil ? place : place + 1), with: [new])
        return true
    }
}

extension DeviceAddress {
    /// What the kernel shows before it has asked an adapter.
    fileprivate static let unknown = DeviceAddress(bits: 0, kind: .public)
}
