import BeaconScanner
import DBus
import EventLoop
import FakeBlueZ
import Foundation
import TestSupport
import Testing

@testable import BlueZ

private let uuid = [UInt8](0..<16)
private let device = "C0:00:00:00:00:01"

@Suite("What bluetoothd tells of a device becomes an advertisement", .serialized)
struct HearingTests {
    init() { HubThread.start() }

    /// The payload of an iBeacon as it is rebuilt.
    private func iBeacon(_ major: UInt16, _ minor: UInt16) -> [UInt8] {
        [26, 0xff, 0x4c, 0x00, 0x02, 0x15] + uuid
            + [
                UInt8(major >> 8), UInt8(truncatingIfNeeded: major), UInt8(minor >> 8),
                UInt8(truncatingIfNeeded: minor), 0xc5,
            ]
    }

    @Test @Hub func manufacturerDataAndSignalStrength() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        rig.blueZ.found(device, [("RSSI", .int16(-60)), FakeBlueZ.iBeacon(uuid, 1, 2)])
        rig.blueZ.heard(device, [("RSSI", .int16(-61)), FakeBlueZ.iBeacon(uuid, 1, 3)])
        try await rig.settle()
        #expect(
            rig.heard == [
                .init(address: device, kind: .random, rssi: -60, payload: iBeacon(1, 2)),
                .init(address: device, kind: .random, rssi: -61, payload: iBeacon(1, 3)),
            ])
        #expect(rig.radio.state == .hearing)
    }

    @Test @Hub func signalStrengthAloneRepeatsTheLastFrames() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        rig.blueZ.found(device, [("RSSI", .int16(-60)), FakeBlueZ.iBeacon(uuid, 1, 2)])
        rig.blueZ.heard(device, [("RSSI", .int16(-70))])
        // And with the same strength, BlueZ sends the data alone.
        rig.blueZ.heard(device, [FakeBlueZ.iBeacon(uuid, 1, 4)])
        try await rig.settle()
        #expect(rig.heard.map(\.payload) == [iBeacon(1, 2), iBeacon(1, 2), iBeacon(1, 4)])
        #expect(rig.heard.map(\.rssi) == [-60, -70, -70])
    }

    @Test @Hub func whatBluetoothdKnewBeforeIsLearnedAndNotHeard() async throws {
        let rig = try ClientRig()
        rig.blueZ.know(device, data: FakeBlueZ.iBeacon(uuid, 1, 9).1)
        try await rig.start()
        defer { rig.stop() }
        try await rig.settle()
        #expect(rig.heard.isEmpty)
        rig.blueZ.heard(device, [("RSSI", .int16(-70))])
        try await rig.settle()
        #expect(
            rig.heard == [
                .init(address: device, kind: .public, rssi: -70, payload: iBeacon(1, 9))
            ])
    }

    @Test @Hub func eddystoneComesAsServiceData() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        let frame: [UInt8] = [0x20, 0, 0x0b, 0xb8, 0x15, 0, 0, 0, 0, 1, 0, 0, 0, 2]
        rig.blueZ.found(
            device,
            [
                ("UUIDs", .strings(["0000feaa-0000-1000-8000-00805f9b34fb"])),
                FakeBlueZ.serviceData("0000feaa-0000-1000-8000-00805f9b34fb", frame),
                ("RSSI", .int16(-60)),
            ])
        // A 128-bit service is nobody's beacon.
        rig.blueZ.heard(
            device,
            [
                FakeBlueZ.serviceData("12345678-0000-1000-8000-00805f9b34fb", [1]),
                ("RSSI", .int16(-62)),
            ])
        try await rig.settle()
        let whole: [UInt8] = [17, 0x16, 0xaa, 0xfe] + frame + [3, 0x03, 0xaa, 0xfe]
        #expect(rig.heard.map(\.payload) == [whole, whole])
    }

    @Test @Hub func weChatDevicesKeepTheirService() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        let tail: [UInt8] = [0x01, 0x02, 0xc0, 0, 0, 0, 0, 1]
        rig.blueZ.found(
            device,
            [
                ("UUIDs", .strings(["0000fee7-0000-1000-8000-00805f9b34fb"])),
                ("RSSI", .int16(-50)),
            ])
        rig.blueZ.heard(device, [FakeBlueZ.manufacturerData(0xffff, tail)])
        try await rig.settle()
        var recognized: [Recognition] = []
        var recognizer = Recognizer()
        let payload = rig.heard[1].payload
        recognizer.recognize(payload.span) { recognized.append($0) }
        #expect(recognized == [.airSync(AirSyncDevice(displayOrder: 0xc000_0000_0001))])
    }

    @Test @Hub func whatIsNotHeardIsNoAdvertisement() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        rig.blueZ.heard(device, [("Connected", .bool(true))])
        rig.blueZ.heard(device, [("UUIDs", .strings([]))])
        rig.blueZ.forgot(device)
        // Another adapter's device, and what belongs to a device.
        rig.blueZ.heard(device, on: "hci7", [("RSSI", .int16(-50))])
        rig.blueZ.emit(
            "PropertiesChanged", of: "org.freedesktop.DBus.Properties",
            at: "/org/bluez/hci0/dev_C0_00_00_00_00_01/service0001",
            [.string("org.bluez.Device1"), .options(["RSSI": .int16(-1)]), .strings([])])
        try await rig.settle()
        #expect(rig.heard.isEmpty)
        #expect(rig.radio.state == .listening, "an empty advertisement is no evidence")
    }

    @Test @Hub func whatBlueZNeverSaysIsCountedAndHarmless() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        let properties = "org.freedesktop.DBus.Properties"
        let manager = "org.freedesktop.DBus.ObjectManager"
        let path = FakeBlueZ.device(device, on: "hci0")
        let interface = BusValue.string("org.bluez.Device1")
        let strange: [[BusValue]] = [
            [interface], [interface, .string("x")], [interface, .options(["RSSI": .string("x")])],
            [interface, .options(["ManufacturerData": .bytes([1])])],
            [interface, .options(["ServiceData": .options(["x": .uint32(1)])])],
            [interface, .options(["UUIDs": .array(of: "u", [.uint32(1)])])],
        ]
        for arguments in strange {
            rig.blueZ.emit("PropertiesChanged", of: properties, at: path, arguments)
        }
        for arguments in [[], [.uint32(1)], [.objectPath("/org/bluez/hci0")]] as [[BusValue]] {
            rig.blueZ.emit("InterfacesAdded", of: manager, at: "/", arguments)
            rig.blueZ.emit("InterfacesRemoved", of: manager, at: "/", arguments)
        }
        rig.blueZ.emit(
            "PropertiesChanged", of: properties, at: FakeBlueZ.path("hci0"),
            [.string("org.bluez.Adapter1"), .options(["Powered": .string("yes")])])
        // Frames of every length, one of them longer than a structure can be.
        for length in [0, 1, 27, 251, 252, 253, 300, 5_000] {
            rig.blueZ.heard(
                device, [FakeBlueZ.manufacturerData(1, [UInt8](repeating: 7, count: length))])
        }
        try await rig.settle()
        #expect(rig.client.counters.malformed >= 10)
        #expect(rig.client.counters.omitted == 3)
        #expect(rig.heard.map(\.payload.count) == [4, 5, 31, 255, 256])
        #expect(rig.radio.state == .hearing)
    }

    @Test @Hub func forgedSignalsAreNotHeard() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        // Straight to the client: the bus's match rules do not stop that.
        let name = try #require(rig.client.uniqueName)
        let status = try await dbusSend(
            rig.bus.address, "--type=signal", "--dest=\(name)", "/",
            "org.freedesktop.DBus.ObjectManager.InterfacesRemoved", "objpath:/org/bluez/hci0",
            "array:string:org.bluez.Adapter1")
        #expect(status == 0)
        try await rig.settle()
        #expect(rig.radio.state == .listening)
        #expect(rig.radio.adapter?.name == "hci0")
        #expect(rig.client.forgedSignals == 1)
    }

    /// A sample of the flood; that it lasts does not matter to a table of fixed size.
    @Test @Hub func aFloodOfRandomAddressesForgetsNoRegular() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        for minor in 0..<20 as Range<UInt16> {
            for _ in 0..<3 {
                rig.blueZ.found(
                    "C0:00:00:00:01:\(hexByte(UInt8(minor)))",
                    [("RSSI", .int16(-60)), FakeBlueZ.iBeacon(uuid, 1, minor)])
            }
        }
        for number in 0..<12_000 {
            let low = "\(hexByte(UInt8(number >> 8))):\(hexByte(UInt8(number & 255)))"
            rig.blueZ.found("7A:11:22:33:\(low)", [FakeBlueZ.manufacturerData(6, [1, 2, 3])])
            if number % 500 == 0 { try await rig.blueZ.flush() }
        }
        try await rig.settle()
        rig.forget()
        for minor in 0..<20 as Range<UInt16> {
            rig.blueZ.heard(
                "C0:00:00:00:01:\(hexByte(UInt8(minor)))", [("RSSI", .int16(-61))])
        }
        try await rig.settle()
        #expect(rig.heard.map(\.payload) == (0..<20).map { iBeacon(1, $0) })
        #expect(DeviceTable.bytes <= 1 << 20)
    }

    private func hexByte(_ byte: UInt8) -> String { Hex.upper(byte) }

    @Test @Hub func anEmptyAdvertisementIsNoEvidenceForOtherRadiosEither() async throws {
        let rig = try ClientRig([.name("hci0"), .name("hci1")])
        rig.blueZ.plug("hci1", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:99"))
        try await rig.start()
        defer { rig.stop() }
        func hears() -> Bool { rig.client.hears(besides: rig.radio, at: Hub.loop.now) }
        rig.blueZ.heard("C0:00:00:00:00:01", on: "hci1", [("RSSI", .int16(-50))])
        try await rig.settle(on: "hci1")
        #expect(rig.heard.count == 1 && !hears())
        rig.blueZ.heard(
            "C0:00:00:00:00:01", on: "hci1",
            [("RSSI", .int16(-50)), FakeBlueZ.manufacturerData(0x004c, [1, 2, 3])])
        try await rig.settle(on: "hci1")
        #expect(hears())
        let heard = try #require(rig.radios[1].lastHeard)
        #expect(!rig.client.hears(besides: rig.radio, at: heard.advanced(by: .seconds(15))))
        #expect(!rig.client.hears(besides: rig.radios[1], at: heard), "itself is no other one")
    }
}

/// Runs dbus-send to its end, away from the Hub.
@concurrent
private func dbusSend(_ address: String, _ words: String...) async throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["dbus-send", "--bus=\(address)"] + words
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}
