internal import BeaconScanner
internal import DBus
internal import HardwareHub

/// The devices that bluetoothd is connected to.
///
/// It keeps a connection when the program that asked for it dies, and a connected device does not
/// advertise: nobody would hear it any more.
struct ConnectedDevices {
    /// Each as if it was heard just now.
    private(set) var sightings: [DeviceSighting] = []
    /// More than an adapter can be connected to.
    private static let most = 64

    /// Reads the answer to GetManagedObjects, `a{oa{sa{sv}}}`, in place.
    ///
    /// - Throws: that it is not what BlueZ documents.
    init(in message: borrowing Message) throws(BusError) {
        var found: [DeviceSighting] = []
        try message.read(limits: .inPlace) { (reader) throws(BusError) in
            try reader.dictionary { (entry) throws(BusError) in
                _ = try entry.objectPath()
                try entry.dictionary { (interface) throws(BusError) in
                    guard try interface.string() == Names.device, found.count < Self.most else {
                        return
                    }
                    if let sighting = Self.sighting(try interface.value()) {
                        found.append(sighting)
                    }
                }
            }
        }
        sightings = found
    }

    private static func sighting(_ device: BusValue) -> DeviceSighting? {
        guard device["Connected"]?.bool == true,
            let address = device["Address"]?.string.flatMap({
                DeviceAddress(
                    $0, kind: device["AddressType"]?.string == "random" ? .random : .public)
            }),
            let adapter = device["Adapter"]?.string
        else { return nil }
        let services = (device["UUIDs"]?.elements ?? []).prefix(64)
            .compactMap { $0.string.flatMap { GATTUUID($0) } }
        return DeviceSighting(
            address: address, rssi: RSSI.unavailable.dBm, adapter: adapter, services: services)
    }
}

extension BlueZDevices {
    /// Tells of enrolled devices that bluetoothd is connected to already: those that a hub was
    /// speaking with when it died.
    func adoptConnected() async {
        guard let found = await connectedDevices() else { return }
        offer(found)
    }

    /// Tells of those whom nobody speaks with. They do not advertise: who has no place for one now hears
    /// of it again here only.
    func offer(_ found: ConnectedDevices) {
        for sighting in found.sightings
        where isEnrolled(sighting.address) && !hasSession(sighting.address) {
            var seen = sighting
            seen.adapter = sighting.adapter.split(separator: "/").last.map(String.init) ?? ""
            heard(seen, on: sighting.adapter)
        }
    }

    /// - Returns: nil when bluetoothd does not answer.
    func connectedDevices() async -> ConnectedDevices? {
        guard let owner,
            let call = try? Message.methodCall(
                owner, "/", Names.objectManager, "GetManagedObjects"),
            let answer = try? await connection.call(call, timeout: .seconds(10))
        else { return nil }
        return try? ConnectedDevices(in: answer)
    }
}
