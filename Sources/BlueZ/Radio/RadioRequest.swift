/// Something that a radio wants of BlueZ.
public enum RadioRequest: Hashable, Sendable {
    /// Adapter1.Powered is set.
    case setPowered(Bool)
    /// Adapter1.SetDiscoveryFilter: Low Energy, every advertisement, however weak.
    case setFilter
    /// Adapter1.StartDiscovery.
    case startDiscovery
    /// Adapter1.StopDiscovery.
    case stopDiscovery

    /// What is being done, as in “bluetoothd refuses to …”.
    var text: String {
        switch self {
        case .setPowered(true): "switch the adapter on"
        case .setPowered(false): "switch the adapter off"
        case .setFilter: "set the discovery filter"
        case .startDiscovery: "start discovery"
        case .stopDiscovery: "stop discovery"
        }
    }
}

/// How BlueZ answered a request.
public enum RadioAnswer: Hashable, Sendable {
    /// It was done.
    case done
    /// No answer came in time.
    case none
    /// An error, by its name on the bus.
    case refused(name: String, text: String)
}
