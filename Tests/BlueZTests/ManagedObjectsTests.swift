import Testing

@testable import BlueZ
@testable import DBus

@Suite("However many devices BlueZ remembers, its objects are read")
struct ManagedObjectsTests {
    /// An answer with one adapter behind so many devices, each with 9 properties.
    private func answer(devices: Int) throws(BusError) -> Message {
        let message = try Message.methodCall(
            "org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        let properties: [(String, BusValue)] =
            [("RSSI", .int16(-60)), ("AddressType", .string("random"))]
            + (0..<7).map { ("Property\($0)", .bool(true)) }
        try message.write(upTo: 128 << 20) { (writer) throws(BusError) in
            try writer.dictionary(key: "o", value: "a{sa{sv}}") { (writer) throws(BusError) in
                for device in 0...devices {
                    try writer.entry { (writer) throws(BusError) in
                        let octets = [24, 16, 8, 0].map { shift in
                            let text = String((device >> shift) & 0xff, radix: 16, uppercase: true)
                            return text.utf8.count == 1 ? "0" + text : text
                        }
                        let isAdapter = device == devices
                        let path =
                            "/org/bluez/hci0"
                            + (isAdapter ? "" : "/dev_C0_00_" + octets.joined(separator: "_"))
                        try writer.value(.objectPath(ObjectPath(checked: path)))
                        try writer.value(
                            .dictionary(
                                key: "s", value: "a{sv}",
                                [
                                    BusValue.Entry(
                                        .string(isAdapter ? Names.adapter : Names.device),
                                        isAdapter ? .options([]) : .options(properties))
                                ]))
                    }
                }
            }
        }
        return message
    }

    @Test("the adapter behind 100,000 devices is found, and each device is visited")
    func many() throws {
        // 11 elements for each device: more than `Limits.reply` lets through.
        let objects = try ManagedObjects(answer(devices: 100_000))
        #expect(objects.adapters.keys.sorted() == ["/org/bluez/hci0"])
        var routes = Routes()
        routes.set("/org/bluez/hci0", of: 0)
        var visited = 0
        var heard = 0
        try objects.forEachDevice(routes) { _, update in
            visited += 1
            if update.rssi == -60 { heard += 1 }
        }
        #expect(visited == 100_000)
        #expect(heard == 100_000)
    }
}
