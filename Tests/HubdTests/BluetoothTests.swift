import BeaconScanner
import DBus
import EventLoop
import FakeBlueZ
import Foundation
import TestSupport
import Testing

/// A bluetoothd with one adapter near two beacons, each heard five times a second.
@Hub
private final class Shop {
    nonisolated static let address = "00:1A:7D:DA:71:13"
    nonisolated static let uuid = Hex.bytes("FDA50693A4E24FB1AFCFC6EB07647825".utf8) ?? []

    let busAddress: String
    let blueZ: FakeBlueZ
    private let bus: PrivateBus
    private var timer: EventLoop.Timer?

    init() async throws {
        bus = try PrivateBus()
        busAddress = bus.address
        blueZ = FakeBlueZ(bus.bus)
        blueZ.plug("hci0", FakeBlueZ.Adapter(address: Self.address))
        await blueZ.start()
        timer = Hub.loop.schedule(every: .milliseconds(200)) { [weak self] in
            Hub.assumeIsolated { self?.advertise() }
        }
    }

    private func advertise() {
        guard blueZ.adapters["hci0"]?.isDiscovering == true else { return }
        for minor in [1, 2] as [UInt16] {
            blueZ.heard(
                "C0:00:00:00:00:0\(minor)",
                [("RSSI", .int16(-60)), FakeBlueZ.iBeacon(Self.uuid, 10_001, minor)])
        }
    }

    func crash() { blueZ.stop() }

    func restart() async { await blueZ.start() }

    func close() {
        timer?.cancel()
        blueZ.stop()
    }

    var advertised: [UInt8]? {
        blueZ.advertised?["ManufacturerData"]?.entries?.first?.value.bytes
    }

    var type: String? { blueZ.advertised?["Type"]?.string }
}

@Suite("hubd hears through bluetoothd and lives with what becomes of it", .serialized)
struct BluetoothTests {
    init() { HubThread.start() }

    /// A hub that knows the shop's two beacons.
    private func hub(_ shop: Shop, _ radios: String, _ more: String = "") throws -> TestHub {
        let hub = try TestHub()
        hub.bluezAddress = shop.busAddress
        try hub.write(
            "catalog.json5",
            """
            { zones: [{ id: "f1", kind: "floor" }],
              beacons: [{ id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/1", zone: "f1" },
                        { id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/2", zone: "f1" }] }
            """)
        try hub.write(
            "hubd.json5",
            """
            { hub: { id: "test-hub", timezone: "UTC" }, radios: \(radios),
              catalog: "catalog.json5", store: { path: "hubd.db" },
              sinks: [{ kind: "file", path: "events.jsonl" }], presence: { leaveAfter: "1s" }, \(more) }
            """)
        return hub
    }

    private func radio(_ hub: TestHub) throws -> [String: Any] {
        let radios = try hub.hubctl("status", "--json").json()["radios"] as? [[String: Any]]
        return radios?.first ?? [:]
    }

    private func count(_ type: String, _ hub: TestHub) throws -> Int {
        try hub.delivered().count { $0["type"] as? String == "org.hubd.\(type).v1" }
    }

    @Test func aBeaconOnTheAirBecomesAnEvent() async throws {
        let shop = try await Shop()
        let hub = try hub(shop, "[{ kind: \"bluez\", adapter: \"\(Shop.address)\", zone: \"f1\" }]")
        try hub.start()
        try hub.wait("both beacons") { hub.read("events.jsonl").count(of: "beacon.entered") == 2 }
        let events = try hub.delivered()
        let entered = try #require(
            events.first { $0["type"] as? String == "org.hubd.beacon.entered.v1" })
        let data = try #require(entered["data"] as? [String: Any])
        #expect(data["radio"] as? String == "bluez:\(Shop.address)")
        #expect(data["zone"] as? String == "f1")
        let radio = try radio(hub)
        #expect(radio["state"] as? String == "hearing")
        #expect(radio["adapter"] as? String == Shop.address)
        #expect(radio["lastHeardSeconds"] as? Double ?? 99 < 60)
        #expect(radio["recoveries"] as? Int == 0)
        #expect(try hub.hubctl("status").status == 0)
        #expect(hub.end() == 0)
        await shop.close()
    }

    @Test func aCrashOfBluetoothdLetsNoBeaconLeave() async throws {
        let shop = try await Shop()
        let hub = try hub(shop, "[{ kind: \"bluez\" }]")
        try hub.start()
        try hub.wait("both beacons") { hub.read("events.jsonl").count(of: "beacon.entered") == 2 }
        await shop.crash()
        try hub.wait("the fault") { try hub.hubctl("status").status == 2 }
        try hub.wait("its event") { try count("hub.degraded", hub) == 1 }
        #expect(try radio(hub)["state"] as? String == "no-bluetoothd")
        await shop.restart()
        try hub.wait("recovery") { try radio(hub)["recoveries"] as? Int == 1 }
        try hub.wait("its event") { try count("hub.recovered", hub) == 1 }
        #expect(try hub.hubctl("status").status == 0)
        #expect(hub.end() == 0)
        #expect(try count("beacon.left", hub) == 0)
        #expect(try count("beacon.entered", hub) == 2)
        let journal = hub.read("journal").split(separator: "\n")
        #expect(journal.count { $0.contains("warning: radio bluez:") } == 1)
        #expect(journal.count { $0.contains("radio bluez: well again") } == 1)
        await shop.close()
    }

    @Test func theHubIsABeaconItself() async throws {
        let shop = try await Shop()
        let id = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/513"
        let hub = try hub(
            shop, "[]", "broadcast: { id: \"\(id)\", measuredPower: -65, adapter: \"hci0\" }")
        func state() throws -> String? {
            let status = try hub.hubctl("status", "--json").json()
            return (status["broadcast"] as? [String: Any])?["state"] as? String
        }
        try hub.start()
        try hub.wait("the beacon") { try state() == "sending" }
        let bytes: [UInt8] = [0x02, 0x15] + Shop.uuid + [0x27, 0x11, 0x02, 0x01, 0xbf]
        #expect(await shop.advertised == bytes)
        #expect(await shop.type == "broadcast")
        await shop.crash()
        try hub.wait("the fault") { try state() == "no-bluetoothd" }
        await shop.restart()
        try hub.wait("the beacon again") { try state() == "sending" }
        let journal = hub.read("journal").split(separator: "\n")
        #expect(journal.count { $0.contains("\(id): on the air") } == 2)
        #expect(journal.count { $0.contains("\(id): off the air") } == 1)
        #expect(hub.end() == 0)
        await shop.close()
    }
}

extension String {
    fileprivate func count(of text: String) -> Int { components(separatedBy: text).count - 1 }
}
