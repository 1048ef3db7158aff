internal import DBus
internal import HardwareHub

/// The characteristics that bluetoothd has found on a device, and the object of each.
///
/// object: `…/dev_XX_XX_XX_XX_XX_XX/service000a/char000b`, whose last four digits are the handle of
/// the characteristic's declaration (src/gatt-client.c, `characteristic_create`).
struct GATTObjects: Equatable {
    /// What a driver is told.
    let table: GATTTable
    /// The objects by handle.
    let paths: [UInt16: ObjectPath]
    /// The ATT MTU, where bluetoothd tells it (GattCharacteristic1.MTU, since 5.62).
    let mtu: UInt16
    /// The handles of those whose values can be had through a socket (AcquireNotify).
    let acquirable: Set<UInt16>

    /// The smallest ATT MTU, which always works (Core 5.4, Vol 3, Part G, §5.2.1).
    static let smallestMTU: UInt16 = 23
    /// The longest value of an attribute (Core 5.4, Vol 3, Part F, §3.2.9).
    static let longestValue = 512

    /// The bytes that a write may have: opcode and handle take three of the MTU (Core 5.4, Vol 3,
    /// Part F, §3.4.5.1).
    var longestWrite: Int { min(Int(max(mtu, Self.smallestMTU)) - 3, Self.longestValue) }

    /// The handle of an object.
    func handle(of path: String) -> UInt16? { paths.first { $0.value.text == path }?.key }

    /// Reads the answer to GetManagedObjects, `a{oa{sa{sv}}}`, in place: it tells of everything that
    /// bluetoothd knows, and only what is below one device is wanted.
    ///
    /// - Throws: that it is not what BlueZ documents.
    init(below device: ObjectPath, in message: borrowing Message) throws(BusError) {
        var reading = GATTReading(device)
        try message.read(limits: .inPlace) { (reader) throws(BusError) in
            try reader.dictionary { (entry) throws(BusError) in try reading.read(&entry) }
        }
        (table, paths, mtu, acquirable) = reading.result
    }
}

/// Collects services and characteristics in whatever order they come.
private struct GATTReading {
    private struct Found {
        var handle: UInt16
        var service: String
        var path: ObjectPath
        var uuid: GATTUUID?
        var properties: GATTCharacteristic.Properties = []
        var canBeAcquired = false
    }

    private let prefix: [UInt8]
    private var services: [String: GATTUUID] = [:]
    private var found: [Found] = []
    private var mtu: UInt16 = 0

    init(_ device: ObjectPath) { prefix = Array((device.text + "/service").utf8) }

    /// `{oa{sa{sv}}}`
    mutating func read(_ entry: inout MessageReader) throws(BusError) {
        let path = try entry.utf8 { (path) in isBelow(path) ? Self.text(path) : nil }
        guard let path else { return }
        try entry.dictionary { (interface) throws(BusError) in
            switch try interface.string() {
            case Names.service1: try readService(path, interface.value())
            case Names.characteristic: try readCharacteristic(path, interface.value())
            default: break
            }
        }
    }

    private func isBelow(_ path: Span<UInt8>) -> Bool {
        path.count > prefix.count && path.extracting(0..<prefix.count).spells(prefix)
    }

    private static func text(_ path: Span<UInt8>) -> String {
        String(decoding: path.indices.map { path[$0] }, as: UTF8.self)
    }

    private mutating func readService(_ path: String, _ properties: BusValue) {
        // What a device has too many of is not looked at (F17).
        guard services.count < GATTTable.mostServices || services[path] != nil else { return }
        services[path] = properties["UUID"]?.string.flatMap { GATTUUID($0) }
    }

    private mutating func readCharacteristic(_ path: String, _ properties: BusValue) {
        guard let object = ObjectPath(path), let handle = Self.handle(path),
            let service = properties["Service"]?.string,
            found.count < GATTTable.mostServices * GATTTable.mostCharacteristics,
            found.count(where: { $0.service == service }) < GATTTable.mostCharacteristics
        else { return }
        if let mtu = properties["MTU"]?.integer.flatMap(UInt16.init(exactly:)) {
            self.mtu = max(self.mtu, mtu)
        }
        let flags = properties["Flags"]?.elements?.compactMap(\.string) ?? []
        found.append(
            Found(
                handle: handle, service: service, path: object,
                uuid: properties["UUID"]?.string.flatMap { GATTUUID($0) },
                properties: Self.properties(flags),
                canBeAcquired: properties["NotifyAcquired"] != nil))
    }

    /// `char000b` → 11.
    private static func handle(_ path: String) -> UInt16? {
        guard let name = path.split(separator: "/").last, name.hasPrefix("char"),
            name.utf8.count == 8
        else { return nil }
        return UInt16(name.dropFirst(4), radix: 16)
    }

    /// The flags of doc/org.bluez.GattCharacteristic.rst that a driver knows.
    private static func properties(_ flags: [String]) -> GATTCharacteristic.Properties {
        var properties: GATTCharacteristic.Properties = []
        for flag in flags {
            switch flag {
            case "read": properties.insert(.read)
            case "write": properties.insert(.write)
            case "write-without-response": properties.insert(.writeWithoutResponse)
            case "notify": properties.insert(.notify)
            case "indicate": properties.insert(.indicate)
            default: break
            }
        }
        return properties
    }

    /// What of it belongs together.
    var result: (GATTTable, [UInt16: ObjectPath], UInt16, Set<UInt16>) {
        var characteristics: [GATTCharacteristic] = []
        var paths: [UInt16: ObjectPath] = [:]
        var acquirable: Set<UInt16> = []
        for entry in found {
            // The first object of a handle counts: there is no second on an honest device.
            guard let uuid = entry.uuid, let service = services[entry.service],
                paths[entry.handle] == nil
            else { continue }
            paths[entry.handle] = entry.path
            if entry.canBeAcquired { acquirable.insert(entry.handle) }
            characteristics.append(
                GATTCharacteristic(
                    handle: entry.handle, service: service, uuid: uuid,
                    properties: entry.properties))
        }
        return (GATTTable(characteristics), paths, mtu, acquirable)
    }
}
