internal import BeaconScanner
internal import DBus

/// The answer to GetManagedObjects, `a{oa{sa{sv}}}`, read once for the adapters and once for the
/// devices, which can be thousands and so are never all in memory as Swift values.
struct ManagedObjects: ~Copyable {
    private let message: Message
    /// The adapters, by path.
    let adapters: [String: Adapter]

    init(_ message: consuming Message) throws(BusError) {
        var adapters: [String: Adapter] = [:]
        try message.read(limits: .inPlace) { (reader) throws(BusError) in
            try reader.dictionary { (entry) throws(BusError) in
                let path = try entry.objectPath().text
                try entry.dictionary { (interface) throws(BusError) in
                    try Self.read(interface: &interface, of: path, into: &adapters)
                }
            }
        }
        self.adapters = adapters
        self.message = message
    }

    private static func read(
        interface: inout MessageReader, of path: String, into adapters: inout [String: Adapter]
    ) throws(BusError) {
        switch try interface.utf8({ (name) in InterfaceName(name) }) {
        case .adapter:
            let update = try AdapterUpdate(&interface)
            adapters[path, default: Adapter(path: path)].take(update)
        case .advertisingManager:
            adapters[path, default: Adapter(path: path)].canAdvertise = true
        case .device, .other: break
        }
    }

    /// Visits the devices that a route leads to.
    ///
    /// They were heard before, nobody knows when: what they are is learned, and nothing counts as
    /// heard now.
    borrowing func forEachDevice(
        _ routes: Routes, _ body: (DeviceKey, inout DeviceUpdate) -> Void
    ) throws(BusError) {
        try message.read(limits: .inPlace) { (reader) throws(BusError) in
            try reader.dictionary { (entry) throws(BusError) in
                guard let key = try entry.utf8({ (path) in routes.device(at: path) }) else {
                    return
                }
                try entry.dictionary { (interface) throws(BusError) in
                    guard try interface.utf8({ (name) in InterfaceName(name) }) == .device else {
                        return
                    }
                    var update = DeviceUpdate()
                    try update.read(&interface)
                    body(key, &update)
                }
            }
        }
    }
}

/// The interfaces that matter here.
enum InterfaceName {
    case adapter, device, advertisingManager, other

    private static let adapterName = Array(Names.adapter.utf8)
    private static let deviceName = Array(Names.device.utf8)
    private static let advertisingManagerName = Array(Names.advertisingManager.utf8)

    init(_ name: Span<UInt8>) {
        if name.spells(Self.deviceName) {
            self = .device
        } else if name.spells(Self.adapterName) {
            self = .adapter
        } else if name.spells(Self.advertisingManagerName) {
            self = .advertisingManager
        } else {
            self = .other
        }
    }
}
