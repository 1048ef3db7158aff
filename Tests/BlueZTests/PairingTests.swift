import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import TestSupport
import Testing

@Suite("The hub pairs with whom it was told to, and with nobody else", .serialized)
struct PairingTests {
    init() { HubThread.start() }

    @Test @Hub func aDeviceThatShowsNothing() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        try await rig.client.devices.pair(DeviceRig.address)
        #expect(rig.device.isPaired && rig.device.isTrusted)
        #expect(rig.blueZ.agents.values.map(\.capability) == ["NoInputNoOutput"])
        #expect(rig.device.calls["Disconnect"] == 1)
        let fault = await #expect(throws: DeviceFault.self) {
            try await rig.client.devices.pair(DeviceRig.address)
        }
        #expect(fault?.text == "it is paired already")
        #expect(fault?.mend.contains("--anew") == true)
    }

    @Test @Hub func aDeviceThatHasForgottenIsPairedAnew() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        try await rig.client.devices.pair(DeviceRig.address)
        var again: FakeDevice?
        rig.blueZ.onCall = { [blueZ = rig.blueZ] call in
            // It goes on advertising.
            guard call == "RemoveDevice" else { return }
            Hub.start {
                again = blueZ.add("\(DeviceRig.address)", DeviceRig.characteristics)
                again?.passkey = 9
            }
        }
        try await rig.client.devices.pair(DeviceRig.address, passkey: 9, isAnew: true)
        #expect(again?.isPaired == true && !rig.blueZ.devices.contains { $0 === rig.device })
        #expect(rig.blueZ.agents.values.map(\.capability) == ["NoInputNoOutput"])
    }

    @Test @Hub func oneThatIsSpokenWithMayAskForItself() async throws {
        let rig = try DeviceRig()
        let stranger = rig.blueZ.add("C0:00:00:00:00:02", [])
        try await rig.start()
        defer { rig.stop() }
        func ask(_ method: String, _ device: FakeDevice) async -> String {
            guard let client = rig.blueZ.agents.keys.first else { return "nobody" }
            var arguments: [BusValue] = [.objectPath(device.path)]
            if method == "RequestConfirmation" { arguments.append(.uint32(7)) }
            do throws(BusError) {
                _ = try await rig.blueZ.bluetoothd.call(
                    method, of: "org.bluez.Agent1", at: client, "/pairing", arguments)
                return "answered"
            } catch {
                return error.code.name
            }
        }
        let refused = "org.bluez.Error.Rejected"
        #expect(await ask("RequestAuthorization", rig.device) == refused, "not spoken with")
        rig.connect { _, _ in [] }
        try await rig.until { $0.connected == 1 }
        #expect(await ask("RequestAuthorization", rig.device) == "answered")
        #expect(await ask("RequestConfirmation", rig.device) == refused)
        #expect(await ask("RequestPasskey", rig.device) == refused, "nobody has given one")
        #expect(await ask("RequestAuthorization", stranger) == refused)
        rig.client.devices.isEnrolled = { _ in false }
        #expect(await ask("RequestAuthorization", rig.device) == refused)
    }

    @Test @Hub func thePasskeyThatADeviceShows() async throws {
        let rig = try DeviceRig()
        rig.device.passkey = 123_456
        var capabilities: [String] = []
        rig.device.onCall = { [blueZ = rig.blueZ] call in
            if call == "Pair" { capabilities += blueZ.agents.values.map(\.capability) }
        }
        try await rig.start()
        defer { rig.stop() }
        let address = DeviceRig.address
        let fault = await #expect(throws: DeviceFault.self) {
            try await rig.client.devices.pair(address, passkey: 654_321)
        }
        #expect(fault?.faultClass == .authentication)
        #expect(!rig.device.isTrusted)
        try await rig.client.devices.pair(address, passkey: 123_456)
        #expect(rig.device.agentAnswers == ["654321", "123456"])
        #expect(rig.device.isPaired && rig.device.isTrusted)
        #expect(capabilities == ["KeyboardOnly", "KeyboardOnly"])
    }

    @Test @Hub func aPasskeyThatIsAskedFor() async throws {
        let rig = try DeviceRig()
        rig.device.passkey = 42
        rig.client.devices.passkey = { $0 == DeviceRig.address ? 42 : nil }
        try await rig.start()
        defer { rig.stop() }
        try await rig.client.devices.pair(DeviceRig.address)
        #expect(rig.device.isPaired)
    }

    @Test @Hub func withoutAPasskeyAQuestionForOneIsRejected() async throws {
        let rig = try DeviceRig()
        rig.device.passkey = 42
        try await rig.start()
        defer { rig.stop() }
        await #expect(throws: DeviceFault.self) {
            try await rig.client.devices.pair(DeviceRig.address)
        }
        #expect(rig.device.agentAnswers == ["org.bluez.Error.Rejected"])
    }

    @Test @Hub func aStrangerIsNotPairedWith() async throws {
        let rig = try DeviceRig()
        rig.client.devices.isEnrolled = { _ in false }
        try await rig.start()
        defer { rig.stop() }
        let fault = await #expect(throws: DeviceFault.self) {
            try await rig.client.devices.pair(DeviceRig.address)
        }
        #expect(fault?.text == "it is not enrolled")
        #expect(rig.device.calls["Pair"] == nil)
    }

    @Test(arguments: [
        "RequestPasskey", "RequestPinCode", "RequestAuthorization", "RequestConfirmation",
        "AuthorizeService",
    ]) @Hub
    func nobodyElseIsAnswered(method: String) async throws {
        let rig = try DeviceRig()
        rig.device.passkey = 42
        let other = rig.blueZ.add("C0:00:00:00:00:02", [])
        rig.device.faults["Pair"] = .late
        try await rig.start()
        defer { rig.stop() }
        let forger = Connection(rig.rig.bus.bus)
        try await forger.connect()
        defer { forger.close() }
        func ask(_ connection: Connection, about path: ObjectPath) async -> String {
            guard let client = rig.blueZ.agents.keys.first else { return "nobody" }
            var arguments: [BusValue] = [.objectPath(path)]
            if method == "RequestConfirmation" { arguments.append(.uint32(7)) }
            if method == "AuthorizeService" { arguments.append(.string("181d")) }
            do throws(BusError) {
                _ = try await connection.call(
                    method, of: "org.bluez.Agent1", at: client, "/pairing", arguments)
                return "answered"
            } catch {
                return error.code.name
            }
        }
        let address = DeviceRig.address
        var isOver = false
        Hub.start {
            try? await rig.client.devices.pair(address, passkey: 42)
            isOver = true
            rig.rig.news.reach()
        }
        try await rig.until { $0.device.calls["Pair"] == 1 }
        #expect(
            await ask(forger, about: rig.device.path)
                == "org.freedesktop.DBus.Error.AccessDenied")
        #expect(
            await ask(rig.blueZ.bluetoothd, about: other.path) == "org.bluez.Error.Rejected")
        let own = await ask(rig.blueZ.bluetoothd, about: rig.device.path)
        let isRefused = ["RequestConfirmation", "AuthorizeService"].contains(method)
        #expect(own == (isRefused ? "org.bluez.Error.Rejected" : "answered"))
        rig.device.release()
        try await rig.until { _ in isOver }
    }

    @Test @Hub func aDeviceThatWantsToBePairedIsPairedOnce() async throws {
        let rig = try DeviceRig()
        rig.device.faults["read 000e"] = .text("org.bluez.Error.NotPermitted", "Not paired")
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected: [.read(handle: DeviceRig.feature)]
            case .read: [.finish(.done)]
            default: []
            }
        }
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.device.calls["Pair"] == 1)
        #expect(rig.device.calls["read 000e"] == 2)
        #expect(rig.device.isTrusted)
        #expect(rig.device.calls["Connect"] == 1)
    }

    @Test @Hub func oneThatRefusesItIsNotAskedAgain() async throws {
        let rig = try DeviceRig()
        rig.device.faults["Pair"] = .error("org.bluez.Error.AuthenticationFailed")
        rig.device.faults["read 000e"] = .text("org.bluez.Error.NotPermitted", "Not paired")
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event {
                [
                    .read(handle: DeviceRig.feature), .read(handle: DeviceRig.feature),
                    .finish(.done),
                ]
            } else {
                []
            }
        }
        _ = try await rig.untilEnd()
        #expect(rig.log.all.last == .failed(handle: DeviceRig.feature, .notPaired))
        #expect(rig.device.calls["Pair"] == 1)
        #expect(rig.faults.map(\.faultClass) == [.authentication])
    }

    @Test @Hub func pairingThatIsNotAnsweredIsCancelled() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.pair = .milliseconds(50)
        rig.device.faults["Pair"] = .late
        try await rig.start()
        defer { rig.stop() }
        let fault = await #expect(throws: DeviceFault.self) {
            try await rig.client.devices.pair(DeviceRig.address)
        }
        #expect(fault?.faultClass == .transient)
        #expect(rig.device.calls["CancelPairing"] == 1)
    }

    @Test @Hub func afterARestartOfBluetoothdItPairsAsBefore() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        try await rig.client.devices.pair(DeviceRig.address)
        rig.blueZ.stop()
        try await rig.until { $0.rig.radio.state == .noService(nil) }
        await rig.blueZ.start()
        try await rig.rig.untilListening()
        try await rig.untilReady()
        rig.device.passkey = 7
        try await rig.client.devices.forget(DeviceRig.address)
        let again = rig.blueZ.add("\(DeviceRig.address)", DeviceRig.characteristics)
        again.passkey = 7
        try await rig.client.devices.pair(DeviceRig.address, passkey: 7)
        #expect(again.isPaired)
    }

    @Test @Hub func aDeviceIsForgotten() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        try await rig.client.devices.forget(DeviceRig.address)
        #expect(rig.blueZ.devices.isEmpty)
        try await rig.client.devices.forget(DeviceRig.address)
    }
}
