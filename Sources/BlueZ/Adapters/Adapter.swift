public import BeaconScanner

/// What BlueZ tells of one adapter (org.bluez.Adapter1).
public struct Adapter: Hashable, Sendable {
    /// The object, such as `/org/bluez/hci0`; another one after the adapter was renumbered.
    public let path: String
    /// The controller's address, which stays; nil when BlueZ did not say a readable one.
    public var address: DeviceAddress?
    /// Whether it is switched on.
    public var isPowered: Bool
    /// Whether it looks for devices, for us or for anybody.
    public var isDiscovering: Bool
    /// Whether it can advertise: it has the interface org.bluez.LEAdvertisingManager1.
    public var canAdvertise: Bool

    /// Makes the facts of an adapter.
    public init(
        path: String, address: DeviceAddress? = nil, isPowered: Bool = false,
        isDiscovering: Bool = false, canAdvertise: Bool = false
    ) {
        self.path = path
        self.address = address
        self.isPowered = isPowered
        self.isDiscovering = isDiscovering
        self.canAdvertise = canAdvertise
    }

    /// The kernel's name for it, such as `hci0`.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// How people tell it from others: `hci0 (00:1A:7D:DA:71:13)`.
    public var title: String { address.map { "\(name) (\($0))" } ?? name }
}
