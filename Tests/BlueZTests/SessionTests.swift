import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import TestSupport
import Testing

@Suite("What a driver asks of a device is done in order, once, and answered", .serialized)
struct SessionTests {
    init() { HubThread.start() }

    @Test @Hub func aMeasurementIsReceivedAndKept() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected: [.read(handle: DeviceRig.feature)]
            case .read: [.subscribe(handle: DeviceRig.measurement)]
            case .value(_, let bytes):
                [.keep(token: 7, [.data(bytes, type: 1)], memory: ["count": [1]])]
            case .kept(7): [.finish(.done)]
            default: []
            }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: DeviceRig.measurement)) }
        rig.device.notify(DeviceRig.measurement, [9, 8, 7])
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.log.all.count == 5)
        #expect(rig.log.all[1] == .read(handle: DeviceRig.feature, [1, 2, 3]))
        #expect(rig.kept.first?.findings == [.data([9, 8, 7], type: 1)])
        #expect(rig.device.calls["Connect"] == 1)
        #expect(rig.device.calls["Disconnect"] == 1)
        #expect(!rig.device.isConnected)
        let report = try #require(rig.reports.first)
        let connected = try #require(report.connected)
        let firstValue = try #require(report.firstValue)
        #expect(report.begin <= connected && connected <= firstValue && firstValue <= report.end)
    }

    @Test @Hub func theTableSaysWhatTheDeviceOffers() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in [.finish(.done)] }
        _ = try await rig.untilEnd()
        guard case .connected(let table, let longest) = rig.log.all.first else {
            Issue.record("\(rig.log.all)")
            return
        }
        #expect(longest == 244, "an MTU of 247, less opcode and handle")
        #expect(table.characteristics.count == DeviceRig.characteristics.count)
        let control = try #require(table.first(0x2a9f, in: 0x181d))
        #expect(control.handle == DeviceRig.control)
        #expect(control.properties == [.write, .writeWithoutResponse, .notify])
    }

    @Test @Hub func oneOperationAtATimeInTheOrderAsked() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected:
                (0..<20).map { .write(handle: DeviceRig.control, [$0]) }
                    + [.read(handle: DeviceRig.feature), .finish(.done)]
            default: []
            }
        }
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.device.written.map(\.bytes) == (0..<20).map { [$0] })
        #expect(rig.device.mostOperations == 1)
        #expect(rig.log.all.count == 22)
    }

    @Test @Hub func aWriteIsAnsweredWhereTheDeviceAnswers() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            guard case .connected = event else { return [] }
            return [
                .write(handle: DeviceRig.control, [1]), .write(handle: 0x0014, [2]),
                .write(handle: DeviceRig.feature, [3]), .finish(.done),
            ]
        }
        _ = try await rig.untilEnd()
        #expect(rig.device.written.map(\.type) == ["request", "command"])
        #expect(rig.log.all.last == .failed(handle: DeviceRig.feature, .notPermitted))
    }

    @Test(arguments: [DeviceRig.measurement, 0x0017]) @Hub
    func equalValuesInARowAllArrive(handle: UInt16) async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            if case .connected = event { return [.subscribe(handle: handle)] }
            return []
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: handle)) }
        let sent: [[UInt8]] = [[5, 5], [5, 5], [], [5, 5], [5, 5], [6]]
        for bytes in sent { #expect(rig.device.notify(handle, bytes)) }
        try await rig.until { $0.log.values.count == sent.count }
        #expect(rig.log.values == sent)
        let way = handle == DeviceRig.measurement ? "acquire 000b" : "start 0017"
        #expect(rig.device.calls[way] == 1)
    }

    @Test @Hub func whatIsSentBeforeAHangUpIsNotLost() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected: [.subscribe(handle: DeviceRig.measurement)]
            case .value(_, let bytes): [.keep(token: 1, [.data(bytes, type: 0)])]
            case .kept: [.finish(.done)]
            default: []
            }
        }
        try await rig.until { $0.log.all.contains(.subscribed(handle: DeviceRig.measurement)) }
        // The signal is on its way before the socket is read.
        rig.device.notify(DeviceRig.measurement, [1])
        rig.device.hangUp(silently: true)
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.kept.count == 1)
    }

    @Test @Hub func whoeverHangsUpNoSubscriptionIsLeft() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        for number in 1...2 {
            rig.device.onCall = { [device = rig.device] call in
                // bluetoothd would renew it now.
                if call == "Connect" { #expect(!device.isSubscribed(0x0017)) }
            }
            rig.connect { event, _ in
                if case .connected = event { return [.subscribe(handle: 0x0017)] }
                return []
            }
            try await rig.until { _ in rig.device.isSubscribed(0x0017) && rig.connected == number }
            rig.device.hangUp()
            _ = try await rig.untilEnd(number)
        }
        #expect(rig.device.calls["start 0017"] == 2 && rig.device.calls["stop 0017"] == 2)
    }

    @Test @Hub func aSubscriptionEndsWhenTheDriverWants() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, _ in
            switch event {
            case .connected:
                [
                    .subscribe(handle: DeviceRig.measurement), .subscribe(handle: 0x0017),
                    .unsubscribe(handle: DeviceRig.measurement), .unsubscribe(handle: 0x0017),
                    .note(.battery(80)),
                ]
            default: []
            }
        }
        try await rig.until { $0.notes == [.battery(80)] }
        #expect(!rig.device.isSubscribed(DeviceRig.measurement))
        #expect(!rig.device.isSubscribed(0x0017))
        #expect(rig.device.calls["stop 0017"] == 1)
    }

    @Test @Hub func aRefusalToKeepReachesTheDriver() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.refusal = "the disk is full"
        rig.connect { event, _ in
            switch event {
            case .connected: [.keep(token: 3, [])]
            case .refused(3, let reason): [.finish(.failed(DeviceFault(.storage, reason)))]
            default: []
            }
        }
        #expect(try await rig.untilEnd().fault == DeviceFault(.storage, "the disk is full"))
    }

    @Test @Hub func otherWorkGoesOnWhileFindingsAreKept() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.keepsAreHeld = true
        rig.connect { event, _ in
            switch event {
            case .connected: [.keep(token: 1, []), .read(handle: DeviceRig.feature)]
            case .kept: [.finish(.done)]
            default: []
            }
        }
        try await rig.until { $0.log.all.count == 2 }
        #expect(rig.log.all.last == .read(handle: DeviceRig.feature, [1, 2, 3]))
        rig.releaseKeeps()
        #expect(try await rig.untilEnd() == .done)
    }

    @Test @Hub func aDriversDeadlineComes() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        rig.connect { event, machine in
            switch event {
            case .connected:
                machine.deadline = BootTime(
                    nanoseconds: machine.now.nanoseconds + 1_000_000)
                return []
            case .deadline: return [.finish(.done)]
            default: return []
            }
        }
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.log.all.last == .deadline)
    }

    @Test @Hub func bytesForADeviceReachItsDriver() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        let session = rig.connect { event, _ in
            switch event {
            case .push(let bytes): [.write(handle: DeviceRig.control, bytes), .finish(.done)]
            default: []
            }
        }
        #expect(!session.push([1]), "nobody is there yet")
        try await rig.until { $0.connected == 1 }
        #expect(session.push([2]))
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.device.written.map(\.bytes) == [[2]])
    }

    @Test @Hub func aRestingDeviceStaysUntilItsPlaceIsNeeded() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.idle = .milliseconds(1)
        try await rig.start()
        defer { rig.stop() }
        let session = rig.connect { event, _ in
            switch event {
            case .connected: [.note(.resting), .read(handle: DeviceRig.feature)]
            case .ending: [.write(handle: DeviceRig.control, [0xff]), .finish(.done)]
            default: []
            }
        }
        try await rig.until { $0.notes == [.resting] && $0.log.all.count == 2 }
        #expect(rig.reports.isEmpty)
        session.end()
        #expect(try await rig.untilEnd() == .done)
        #expect(rig.device.written.map(\.bytes) == [[0xff]])
    }

    @Test @Hub func aSilentGoodbyeIsCutShort() async throws {
        let rig = try DeviceRig()
        rig.client.devices.limits.goodbye = .milliseconds(1)
        try await rig.start()
        defer { rig.stop() }
        let session = rig.connect { _, _ in [] }
        try await rig.until { $0.connected == 1 }
        session.end()
        session.end()
        #expect(try await rig.untilEnd().fault?.faultClass == .transient)
        #expect(rig.log.all.filter { $0 == .ending }.count == 1)
        #expect(rig.device.calls["Disconnect"] == 1)
    }

    @Test @Hub func sixteenDevicesAtOnce() async throws {
        let rig = try DeviceRig()
        var devices: [FakeDevice] = []
        for number in 0..<17 as Range<UInt64> {
            let address = DeviceAddress(bits: 0xd0_0000_0000_00 + number, kind: .public)
            devices.append(rig.blueZ.add("\(address)", DeviceRig.characteristics))
        }
        try await rig.start()
        defer { rig.stop() }
        for number in 0..<17 as Range<UInt64> {
            rig.connect(DeviceAddress(bits: 0xd0_0000_0000_00 + number, kind: .public)) {
                event, _ in
                switch event {
                case .connected: [.subscribe(handle: DeviceRig.measurement)]
                case .value: [.finish(.done)]
                default: []
                }
            }
        }
        try await rig.until { rig in
            devices.prefix(16).allSatisfy { $0.isSubscribed(DeviceRig.measurement) }
                && rig.reports.count == 1
        }
        #expect(rig.reports[0].outcome.fault?.text == "16 devices are being spoken with already")
        #expect(devices[16].calls.isEmpty)
        for device in devices.prefix(16) { device.notify(DeviceRig.measurement, [1]) }
        try await rig.until { $0.reports.count == 17 }
        #expect(rig.reports.dropFirst().allSatisfy { $0.outcome == .done })
        #expect(devices.prefix(16).allSatisfy { $0.mostConnects == 1 && !$0.isConnected })
    }

    @Test @Hub func aDeviceIsSpokenWithByOneAtATime() async throws {
        let rig = try DeviceRig()
        try await rig.start()
        defer { rig.stop() }
        let script: ScriptedMachine.Script = { event, _ in
            if case .ending = event { [.finish(.done)] } else { [] }
        }
        let first = rig.connect(DeviceRig.address, script)
        rig.connect(DeviceRig.address, script)
        try await rig.until { $0.reports.count == 1 }
        #expect(rig.reports[0].outcome.fault?.text == "it is being spoken with already")
        try await rig.until { $0.connected == 1 }
        first.end()
        #expect(try await rig.untilEnd(2) == .done)
        // As soon as its end is told it can be connected anew.
        rig.connect { _, _ in [.finish(.done)] }
        #expect(try await rig.untilEnd(3) == .done)
        #expect(rig.device.mostConnects == 1)
        #expect(rig.device.calls["Connect"] == 2)
    }
}
