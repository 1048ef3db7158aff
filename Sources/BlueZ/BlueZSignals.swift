internal import BeaconScanner
internal import DBus
internal import EventLoop
internal import HardwareHub

// What bluetoothd tells unasked. The connection has already made sure that it is bluetoothd that
// tells it; what it does not understand is counted and left out.
extension BlueZClient {
    /// PropertiesChanged of a device: `sa{sv}as`. The hot path: one for each advertisement.
    func take(deviceChanged message: borrowing Message) {
        guard let key = message.withPath({ routes.device(at: $0) }) else { return }
        var update = DeviceUpdate()
        do throws(BusError) {
            try message.read { (reader) throws(BusError) in
                reader.skip()
                try update.read(&reader)
            }
            take(&update, of: key)
        } catch {
            counters.malformed += 1
        }
    }

    /// InterfacesAdded: `oa{sa{sv}}`. A device that is new was heard just now; an adapter may come
    /// in two steps, first itself, then its ability to advertise.
    func take(added message: borrowing Message) {
        do throws(BusError) {
            try message.read { (reader) throws(BusError) in
                if let key = try reader.utf8({ (path) in routes.device(at: path) }) {
                    try reader.dictionary { (interface) throws(BusError) in
                        try takeDevice(&interface, key)
                    }
                }
            }
            try takeAdapter(message)
        } catch {
            counters.malformed += 1
        }
    }

    private func takeDevice(
        _ interface: inout MessageReader, _ key: DeviceKey
    ) throws(BusError) {
        guard try interface.utf8({ (name) in InterfaceName(name) }) == .device else { return }
        var update = DeviceUpdate()
        try update.read(&interface)
        take(&update, of: key)
    }

    private func takeAdapter(_ message: borrowing Message) throws(BusError) {
        let isAdapter = try message.read { (reader) throws(BusError) in
            try reader.utf8 { (path) in Self.isAdapter(path) }
        }
        guard isAdapter, let found = try Self.adapter(in: message, known: adapters) else { return }
        note(found)
    }

    /// `/org/bluez/hci0`: three elements. Devices and what belongs to them have more.
    private static func isAdapter(_ path: Span<UInt8>) -> Bool {
        var slashes = 0
        for index in path.indices where path[index] == UInt8(ascii: "/") { slashes += 1 }
        return slashes == 3
    }

    private static func adapter(
        in message: borrowing Message, known: [String: Adapter]
    ) throws(BusError) -> Adapter? {
        try message.read { (reader) throws(BusError) in
            let path = try reader.objectPath().text
            var adapter = known[path] ?? Adapter(path: path)
            var isAdapter = known[path] != nil
            try reader.dictionary { (interface) throws(BusError) in
                switch try interface.utf8({ (name) in InterfaceName(name) }) {
                case .adapter:
                    isAdapter = true
                    adapter.take(try AdapterUpdate(&interface))
                case .advertisingManager: adapter.canAdvertise = true
                case .device, .other: break
                }
            }
            return isAdapter ? adapter : nil
        }
    }

    /// InterfacesRemoved: `oas`. BlueZ forgets devices after 30 s without a connection
    /// (TemporaryTimeout of main.conf): that is housekeeping, and says nothing about who left.
    func take(removed message: borrowing Message) {
        do throws(BusError) {
            try message.read { (reader) throws(BusError) in
                let key = try reader.utf8 { (path) in routes.device(at: path) }
                if let key { table.forget(key) }
            }
            if let path = try removedAdapter(message) { remove(adapter: path) }
        } catch {
            counters.malformed += 1
        }
    }

    private func removedAdapter(_ message: borrowing Message) throws(BusError) -> String? {
        try message.read { (reader) throws(BusError) in
            guard try reader.utf8({ (path) in Self.isAdapter(path) }) else { return nil }
            var isAdapter = false
            try reader.array { (element) throws(BusError) in
                let name = try element.utf8 { (name) in InterfaceName(name) }
                if name == .adapter { isAdapter = true }
            }
            guard isAdapter else { return nil }
            return try message.read { (reader) throws(BusError) in try reader.objectPath().text }
        }
    }

    /// PropertiesChanged of an adapter.
    func take(adapterChanged message: borrowing Message) {
        guard let path = message.path?.text, var adapter = adapters[path] else { return }
        do throws(BusError) {
            try message.read { (reader) throws(BusError) in
                reader.skip()
                adapter.take(try AdapterUpdate(&reader))
            }
            note(adapter)
        } catch {
            counters.malformed += 1
        }
    }

    // MARK: Devices

    /// Something about a device; when it was heard, its radio hears of it.
    private func take(_ update: inout DeviceUpdate, of key: DeviceKey) {
        let now = Hub.loop.now
        let isSighting = update.isSighting
        let known = table.complete(&update, of: key, at: now.wholeSeconds)
        counters.omitted += UInt64(update.data.omitted)
        guard isSighting else { return }
        counters.advertisements += 1
        if !watchlist.isEmpty { lookOut(known, update.services, key, at: now.wholeSeconds) }
        let header = Advertisement(
            address: DeviceAddress(bits: key.address, kind: known.kind), rssi: RSSI(known.rssi),
            properties: .legacy)
        radios[Int(key.route)].heard(
            header, update.data.bytes.span.extracting(0..<update.data.count), at: now)
    }

    /// Tells of a device that somebody looks out for.
    func lookOut(
        _ known: (kind: DeviceAddress.Kind, rssi: Int8), _ services: ServiceList?,
        _ key: DeviceKey, at second: Int32
    ) {
        let services = services ?? ServiceList()
        guard watchlist.wants(key.address, services, at: second),
            let adapter = radios[Int(key.route)].adapter
        else { return }
        speaking?.heard(
            DeviceSighting(
                address: DeviceAddress(bits: key.address, kind: known.kind), rssi: known.rssi,
                adapter: adapter.name,
                services: (0..<services.count).map { GATTUUID(services[$0]) }),
            on: adapter.path)
    }

    /// Remembers what bluetoothd knew before we came.
    func learn(_ objects: borrowing ManagedObjects) {
        let second = Hub.loop.now.wholeSeconds
        do throws(BusError) {
            try objects.forEachDevice(routes) { key, update in
                _ = table.complete(&update, of: key, at: second)
            }
        } catch {
            counters.malformed += 1
        }
    }
}

extension EventLoop.Instant {
    /// Seconds on the boot clock; 68 years of them fit.
    fileprivate var wholeSeconds: Int32 { Int32(truncatingIfNeeded: nanoseconds / 1_000_000_000) }
}
