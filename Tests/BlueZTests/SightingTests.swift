import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import TestSupport
import Testing

@Suite("Of the devices that are heard those that are wanted are told, not too often", .serialized)
struct SightingTests {
    init() { HubThread.start() }

    @Test @Hub func aKnownAddressAndAWantedService() async throws {
        let rig = try DeviceRig()
        rig.client.devices.look(for: [DeviceRig.address], services: [0x181d])
        try await rig.start()
        defer { rig.stop() }
        rig.blueZ.found("C0:00:00:00:00:09", [("RSSI", .int16(-40))])
        rig.blueZ.heard("\(DeviceRig.address)", [("RSSI", .int16(-50))])
        rig.blueZ.found(
            "C0:00:00:00:00:02",
            [
                ("RSSI", .int16(-60)),
                ("UUIDs", .strings(["0000181d-0000-1000-8000-00805f9b34fb"])),
            ])
        try await rig.rig.settle()
        #expect(rig.sightings.map(\.address.bits) == [0xc0_0000_0000_01, 0xc0_0000_0000_02])
        #expect(rig.sightings.map(\.rssi) == [-50, -60])
        #expect(rig.sightings.map(\.adapter) == ["hci0", "hci0"])
        #expect(rig.sightings.map(\.services) == [[], [0x181d]])
    }

    @Test @Hub func nobodyIsToldWhenNobodyIsLookedFor() async throws {
        let rig = try DeviceRig()
        rig.client.devices.look(for: [DeviceRig.address])
        try await rig.start()
        defer { rig.stop() }
        rig.client.devices.look(for: [])
        rig.blueZ.heard("\(DeviceRig.address)", [("RSSI", .int16(-50))])
        try await rig.rig.settle()
        #expect(rig.sightings.isEmpty)
    }

    @Test @Hub func aCrowdOfStrangersIsNotTold() async throws {
        let rig = try DeviceRig()
        rig.client.devices.look(for: [DeviceRig.address], services: [0xfee7])
        try await rig.start()
        defer { rig.stop() }
        let begin = Hub.loop.now
        for number in 0..<2_000 {
            let address = DeviceAddress(bits: 0xe0_0000_0000_00 + UInt64(number), kind: .random)
            rig.blueZ.found(
                "\(address)",
                [
                    ("RSSI", .int16(-60)),
                    ("UUIDs", .strings(["0000fee7-0000-1000-8000-00805f9b34fb"])),
                ])
        }
        rig.blueZ.heard("\(DeviceRig.address)", [("RSSI", .int16(-50))])
        try await rig.rig.settle()
        let seconds = begin.duration(to: Hub.loop.now).components.seconds + 2
        #expect(rig.sightings.count <= 32 * Int(seconds) + 1)
        #expect(rig.sightings.last?.address.bits == DeviceRig.address.bits)
    }
}
