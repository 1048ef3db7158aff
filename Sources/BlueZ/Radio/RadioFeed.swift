/// How a radio's advertisements reach us.
enum RadioFeed {
    /// bluetoothd tells them on the bus, taken apart and merged.
    case bus(BlueZRadio.Listener)
    /// The kernel shows them, as the adapter reported them; bluetoothd only scans.
    case monitor(Scan, BlueZRadio.EventListener)

    var isMonitor: Bool {
        if case .monitor = self { true } else { false }
    }

    /// How bluetoothd is asked to scan.
    var scan: Scan {
        if case .monitor(let scan, _) = self { scan } else { .active }
    }
}

/// How bluetoothd is asked to scan.
public enum Scan: Hashable, Sendable {
    /// By a discovery: the adapter asks each device for more (a scan request), which costs the
    /// devices power and air, and hears their scan responses.
    case active
    /// By patterns of advertisements (AdvertisementMonitorManager1): the adapter only listens. In
    /// BlueZ the interface is experimental.
    case passive
}
