import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import TestSupport
import Testing

@Suite("A device that does what no device should is bounded and left", .serialized)
struct HostileDeviceTests {
    init() { HubThread.start() }

    @Test(arguments: [DeviceRig.measurement, 0x0017]) @Hub
    func aFloodOfValues(handle: UInt16) async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event { [.subscribe(handle: handle)] } else { [] }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: handle)) }
        for number in 0..<101 as Range<UInt8> { rig.device.notify(handle, [number]) }
        let outcome = try await rig.untilEnd()
        #expect(outcome.fault == DeviceFault(.hostile, "it sends more than 50 values a second"))
        #expect(rig.log.values.count == 100)
        #expect(!rig.device.isSubscribed(handle))
        #expect(!rig.device.isConnected)
    }

    @Test @Hub func aValueThatIsTooLong() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event { [.subscribe(handle: DeviceRig.measurement)] } else { [] }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: DeviceRig.measurement)) }
        rig.device.notify(DeviceRig.measurement, [UInt8](repeating: 1, count: 512))
        rig.device.notify(DeviceRig.measurement, [UInt8](repeating: 1, count: 513))
        #expect(try await rig.untilEnd().fault?.faultClass == .hostile)
        #expect(rig.log.values.map(\.count) == [512])
    }

    @Test @Hub func aValueThatIsTooLongToRead() async throws {
        let rig = try DeviceRig()
        rig.device.set(DeviceRig.feature, [UInt8](repeating: 1, count: 513))
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event {
                [.read(handle: DeviceRig.feature), .finish(.done)]
            } else {
                []
            }
        }
        _ = try await rig.untilEnd()
        let fault = GATTFault.refused(code: nil, text: "a value of more than 512 bytes")
        #expect(rig.log.all.last == .failed(handle: DeviceRig.feature, fault))
    }

    @Test @Hub func servicesThatChangeAgainAndAgain() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        try await rig.until { $0.connected == 1 }
        for _ in 0..<3 { rig.device.changeServices() }
        try await rig.blueZ.flush()
        try await rig.rig.settle()
        #expect(rig.reports.isEmpty)
        rig.device.changeServices()
        #expect(
            try await rig.untilEnd().fault
                == DeviceFault(.hostile, "it changes its services again and again"))
    }

    @Test @Hub func moreServicesThanAnybodyHas() async throws {
        var characteristics: [FakeDevice.Characteristic] = []
        for number in 0..<100 as Range<UInt16> {
            characteristics.append(
                FakeDevice.Characteristic(
                    number * 2 + 2, "2a9e", in: number < 70 ? 1 : number * 2 + 1, "181d",
                    ["read"]))
        }
        let rig = try DeviceRig(characteristics)
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [.finish(.done)] }
        #expect(try await rig.untilEnd() == .done)
        guard case .connected(let table, _) = rig.log.all.first else { return }
        // 64 of the first service, and of the 30 others one each.
        #expect(table.characteristics.count == 64 + 30)
    }

    @Test @Hub func findingsThatCannotBeKeptInTime() async throws {
        let rig = try DeviceRig()
        rig.keepsAreHeld = true
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected: [.subscribe(handle: DeviceRig.measurement)]
            case .value(_, let bytes): [.keep(token: 1, [.data(bytes, type: 0)])]
            default: []
            }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: DeviceRig.measurement)) }
        for number in 0..<100 as Range<UInt8> { rig.device.notify(DeviceRig.measurement, [number]) }
        #expect(
            try await rig.untilEnd().fault
                == DeviceFault(.hostile, "it sends more than the hub can keep up with"))
    }

    @Test @Hub func aForgedValueIsNoValue() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event { [.subscribe(handle: 0x0017)] } else { [] }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: 0x0017)) }
        let forger = Connection(rig.rig.bus.bus)
        try await forger.connect()
        defer { forger.close() }
        let path = rig.device.path.child("service000a").child("char0017")
        forger.emit(
            "PropertiesChanged", of: "org.freedesktop.DBus.Properties", at: path,
            [
                .string("org.bluez.GattCharacteristic1"), .options(["Value": .bytes([6, 6, 6])]),
                .strings([]),
            ])
        forger.emit(
            "PropertiesChanged", of: "org.freedesktop.DBus.Properties", at: rig.device.path,
            [.string("org.bluez.Device1"), .options(["Connected": .bool(false)]), .strings([])])
        // A question and its answer: the bus has passed on what came before.
        _ = try await forger.user(of: try #require(rig.client.uniqueName))
        rig.device.notify(0x0017, [1])
        try await rig.until { !$0.log.values.isEmpty }
        #expect(rig.log.values == [[1]])
        #expect(rig.reports.isEmpty)
    }

    @Test @Hub func signalsThatAreNoneOfBlueZAreLeftOut() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event { [.subscribe(handle: 0x0017)] } else { [] }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: 0x0017)) }
        let path = rig.device.path.child("service000a").child("char0017")
        let wrong: [[BusValue]] = [
            [], [.uint32(1)], [.string("org.bluez.GattCharacteristic1")],
            [.string("org.bluez.GattCharacteristic1"), .uint32(1)],
            [.string("org.bluez.GattCharacteristic1"), .options(["Value": .string("1")])],
            [.string("org.bluez.Device1"), .options(["Connected": .string("no")])],
        ]
        for arguments in wrong {
            for object in [path, rig.device.path] {
                rig.blueZ.emit(
                    "PropertiesChanged", of: "org.freedesktop.DBus.Properties", at: object,
                    arguments)
            }
        }
        rig.device.notify(0x0017, [1])
        try await rig.until { !$0.log.values.isEmpty }
        #expect(rig.log.values == [[1]])
        #expect(rig.reports.isEmpty)
    }
}
