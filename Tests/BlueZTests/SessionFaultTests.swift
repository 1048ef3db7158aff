import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import TestSupport
import Testing

@Suite("Whatever happens to a device, its session ends once, soon and disconnected", .serialized)
struct SessionFaultTests {
    init() { HubThread.start() }

    @Test(
        arguments: [
            (
                FakeBlueZ.Fault.text("org.bluez.Error.Failed", "le-connection-abort-by-local"),
                "it could not be connected: le-connection-abort-by-local"
            ),
            (.error("org.bluez.Error.InProgress"), "somebody else is connecting to it"),
            (.error("org.bluez.Error.NotReady"), "the adapter is off"),
            (.error("org.freedesktop.DBus.Error.UnknownObject"), "bluetoothd does not hear it"),
            (.late, "it does not answer"),
        ]) @Hub
    func aRefusedConnection(fault: FakeBlueZ.Fault, text: String) async throws {
        let rig = try DeviceRig()
        if case .late = fault { rig.client.devices.limits.connect = .milliseconds(50) }
        rig.device.faults["Connect"] = fault
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        let outcome = try await rig.untilEnd()
        #expect(outcome.fault == DeviceFault(.transient, text))
        #expect(rig.log.all.isEmpty)
        #expect(rig.device.calls["Disconnect"] == 1)
        #expect(rig.connected == 0)
        #expect(rig.reports[0].connected == nil)
    }

    @Test @Hub func servicesThatAreNeverKnown() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.resolve = .milliseconds(50)
        rig.device.resolves = false
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        let outcome = try await rig.untilEnd()
        #expect(outcome.fault?.text == "it does not tell its services")
        #expect(!rig.device.isConnected)
    }

    @Test @Hub func servicesThatAreKnownLater() async throws {
        let rig = try DeviceRig()
        rig.device.resolves = false
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in [.finish(.done)] }
        try await rig.until { $0.device.isConnected }
        rig.device.resolve()
        #expect(try await rig.untilEnd() == .done)
    }

    @Test @Hub func oneThatIsEndedWhileItConnects() async throws {
        let rig = try DeviceRig()
        rig.device.faults["Connect"] = .late
        try await rig.start()
        defer { rig.stop() }
        let session = rig.connect { _, _ in [] }
        try await rig.until { $0.device.calls["Connect"] == 1 }
        session.end()
        #expect(try await rig.untilEnd().fault?.text == "the hub gave it up")
        #expect(rig.device.calls["Disconnect"] == 1)
        rig.device.faults = [:]
        rig.connect { _, _ in [.finish(.done)] }
        #expect(try await rig.untilEnd(2) == .done)
        #expect(rig.device.mostConnects == 1)
    }

    @Test @Hub func aHangUpInTheMiddleOfAnOperation() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.goodbye = .milliseconds(50)
        rig.device.faults["read 000e"] = .late
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event {
                [.read(handle: DeviceRig.feature), .read(handle: DeviceRig.feature)]
            } else {
                []
            }
        }
        try await rig.until { $0.device.calls["read 000e"] == 1 }
        rig.device.hangUp()
        #expect(try await rig.untilEnd().fault?.text == "the connection ended")
        #expect(rig.device.calls["read 000e"] == 1)
        #expect(rig.reports.count == 1)
    }

    @Test @Hub func aDeviceThatRestedMayHangUp() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in if case .connected = event { [.note(.resting)] } else { [] } }
        try await rig.until { $0.notes == [.resting] }
        rig.device.hangUp()
        #expect(try await rig.untilEnd() == .done)
    }

    @Test @Hub func anOperationThatIsNotAnswered() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.operation = .milliseconds(50)
        rig.device.faults["write 0011"] = .late
        rig.device.faults["acquire 000b"] = .late
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected:
                [
                    .write(handle: DeviceRig.control, [1]),
                    .subscribe(handle: DeviceRig.measurement),
                    .finish(.done),
                ]
            default: []
            }
        }
        #expect(try await rig.untilEnd() == .done)
        #expect(
            Array(rig.log.all.dropFirst()) == [
                .failed(handle: DeviceRig.control, .noAnswer),
                .failed(handle: DeviceRig.measurement, .noAnswer),
            ])
    }

    @Test(
        arguments: [
            (
                FakeBlueZ.Fault.text(
                    "org.bluez.Error.Failed", "Operation failed with ATT error: 0x80"),
                GATTFault.refused(
                    code: 0x80,
                    text: "org.bluez.Error.Failed: Operation failed with ATT error: 0x80")
            ),
            (
                .text("org.bluez.Error.Failed", "Operation failed"),
                .refused(code: nil, text: "org.bluez.Error.Failed: Operation failed")
            ),
            (.text("org.bluez.Error.Failed", "Not connected"), .disconnected),
            (.text("org.bluez.Error.NotPermitted", "Read not permitted"), .notPermitted),
            (.text("org.bluez.Error.NotPermitted", "Not paired"), .notPaired),
            (.error("org.bluez.Error.NotAuthorized"), .notPaired),
            (.error("org.bluez.Error.NotConnected"), .disconnected),
            (.error("org.bluez.Error.NotSupported"), .notPermitted),
            (
                .text("org.freedesktop.DBus.Error.UnknownObject", "gone"),
                .refused(code: 1, text: "the device no longer offers it")
            ),
            (
                .text("org.bluez.Error.InProgress", "Operation already in progress"),
                .refused(
                    code: nil,
                    text: "org.bluez.Error.InProgress: Operation already in progress")
            ),
        ]) @Hub
    func whatARefusalMeans(fault: FakeBlueZ.Fault, meaning: GATTFault) async throws {
        let rig = try DeviceRig()
        rig.client.devices.isEnrolled = { _ in false }
        rig.device.faults["read 000e"] = fault
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event {
                [.read(handle: DeviceRig.feature), .finish(.done)]
            } else {
                []
            }
        }
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.log.all.last == .failed(handle: DeviceRig.feature, meaning))
    }

    @Test(arguments: [
        "org.bluez.Error.NotSupported", "org.bluez.Error.InProgress",
        "org.freedesktop.DBus.Error.UnknownMethod",
    ]) @Hub
    func withoutASocketThereAreSignals(error: String) async throws {
        let rig = try DeviceRig()
        rig.device.faults["acquire 000b"] = .error(error)
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected: [.subscribe(handle: DeviceRig.measurement)]
            case .value: [.finish(.done)]
            default: []
            }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: DeviceRig.measurement)) }
        rig.device.notify(DeviceRig.measurement, [1])
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.device.calls["start 000b"] == 1)
        #expect(rig.device.calls["stop 000b"] == 1, "bluetoothd would renew it by itself")
    }

    @Test(arguments: [true, false]) @Hub
    func bluetoothdOrTheBusGoes(isBus: Bool) async throws {
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
        rig.device.notify(DeviceRig.measurement, [1])
        try await rig.until { $0.log.values == [[1]] }
        let begin = Hub.loop.now
        if isBus { rig.rig.bus.kill() } else { rig.blueZ.stop() }
        // What is being kept is waited for, and not for long.
        #expect(try await rig.untilEnd().fault?.text == "bluetoothd went away")
        #expect(begin.duration(to: rig.reports[0].end) >= .zero)
        if isBus { try rig.rig.bus.start() } else { await rig.blueZ.start() }
        rig.releaseKeeps()
        try await rig.rig.untilListening()
        try await rig.untilReady()
        rig.connect { _, _ in [.finish(.done)] }
        #expect(try await rig.untilEnd(2) == .done)
        #expect(rig.reports.count == 2)
    }

    @Test @Hub func whoeverTakesBluetoothdAlongIsLeftAloneForLonger() async throws {
        let rig = try DeviceRig()
        rig.device.faults["Connect"] = .late
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        try await rig.until { $0.device.calls["Connect"] == 1 }
        rig.blueZ.stop()
        let fault = try await rig.untilEnd().fault
        #expect(fault?.faultClass == .protocolError)
        #expect(fault?.text == "bluetoothd went away while it was being connected to")
    }

    @Test @Hub func theAdapterGoes() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        try await rig.until { $0.connected == 1 }
        rig.blueZ.unplug("hci0")
        #expect(try await rig.untilEnd().fault?.text == "the adapter went away")
        rig.connect { _, _ in [] }
        #expect(try await rig.untilEnd(2).fault?.text == "there is no adapter that is on")
    }

    @Test @Hub func aDisconnectThatIsNotAnsweredBlocksNobody() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.disconnect = .milliseconds(50)
        rig.device.faults["Disconnect"] = .late
        try await rig.start()
        defer { rig.stop() }
        for number in 1...3 {
            rig.connect { _, _ in [.finish(.done)] }
            #expect(try await rig.untilEnd(number) == .done)
        }
        #expect(rig.device.mostConnects == 1)
    }

    @Test @Hub func oneThatSaysNothingAnyMore() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.idle = .milliseconds(20)
        try await rig.start()
        defer { rig.stop() }
        rig.connect { _, _ in [] }
        #expect(try await rig.untilEnd().fault?.text == "it says nothing any more")
    }

    @Test @Hub func oneThatIsNeverDone() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.whole = .milliseconds(200)
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected, .read: [.read(handle: DeviceRig.feature)]
            default: []
            }
        }
        #expect(try await rig.untilEnd().fault?.text == "it was not done within 5 minutes")
    }
}
