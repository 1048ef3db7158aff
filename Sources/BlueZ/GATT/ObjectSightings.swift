internal import BeaconScanner
internal import DBus
internal import EventLoop
internal import HardwareHub

/// Hears of devices for radios that hear through the monitor channel.
///
/// bluetoothd makes objects only of devices with a wanted service there (`MonitorReception.filter`),
/// so few signals come, and each is of a device that may be connected.
@Hub
final class ObjectSightings {
    /// Devices whose services are remembered: bluetoothd names them once.
    private static let mostRemembered = 256

    private struct Known {
        var services = ServiceList()
        var kind = DeviceAddress.Kind.public
    }

    private unowned let client: BlueZClient
    private var known: [UInt64: Known] = [:]

    init(_ client: BlueZClient) { self.client = client }

    /// bluetoothd is another one.
    func forget() { known = [:] }

    /// PropertiesChanged of a device, `sa{sv}as`, or InterfacesAdded, `oa{sa{sv}}`.
    func take(_ message: borrowing Message) {
        let routes = routes
        do throws(BusError) {
            if message.member == "InterfacesAdded" {
                try message.read { (reader) throws(BusError) in
                    guard let key = try reader.utf8({ (path) in routes.device(at: path) }) else {
                        return
                    }
                    try reader.dictionary { (interface) throws(BusError) in
                        let name = try interface.utf8 { (name) in InterfaceName(name) }
                        if name == .device { try take(&interface, key) }
                    }
                }
            } else if let key = message.withPath({ routes.device(at: $0) }) {
                try message.read { (reader) throws(BusError) in
                    guard try reader.utf8({ (name) in InterfaceName(name) }) == .device else {
                        return
                    }
                    try take(&reader, key)
                }
            }
        } catch {
            client.counters.malformed += 1
        }
    }

    private func take(_ reader: inout MessageReader, _ key: DeviceKey) throws(BusError) {
        var update = DeviceUpdate()
        try update.read(&reader)
        if known.count >= Self.mostRemembered, known[key.address] == nil { known = [:] }
        if let services = update.services {
            known[key.address, default: Known()].services = services
        }
        if let kind = update.kind { known[key.address, default: Known()].kind = kind }
        guard let rssi = update.rssi else { return }
        let device = known[key.address] ?? Known()
        client.lookOut(
            (device.kind, rssi), device.services, key,
            at: Int32(truncatingIfNeeded: Hub.loop.now.nanoseconds / 1_000_000_000))
    }

    /// The adapters of the radios that the bus tells nothing of otherwise.
    private var routes: Routes {
        var routes = Routes()
        for radio in client.radios where radio.feed.isMonitor {
            routes.set(radio.adapter?.path, of: radio.number)
        }
        return routes
    }
}
