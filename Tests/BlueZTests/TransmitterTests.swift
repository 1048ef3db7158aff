import BeaconScanner
import DBus
import EventLoop
import FakeBlueZ
import TestSupport
import Testing

@testable import BlueZ

@Suite("The hub's own beacon stays on the air")
struct TransmitterMachineTests {
    private let adapter = Adapter(path: "/org/bluez/hci0", isPowered: true, canAdvertise: true)
    private var now = EventLoop.Instant(nanoseconds: 0)

    @Test func itIsRegisteredOnceAndAgainAfterARestart() {
        var machine = TransmitterMachine(.first)
        #expect(machine.registration(at: now) == nil)
        for _ in 0..<3 {
            machine.adaptersChanged([adapter], at: now)
            let due = machine.registration(at: now)
            #expect(due?.path == "/org/bluez/hci0")
            #expect(machine.registration(at: now) == nil, "one at a time")
            machine.answered(due?.token ?? 0, nil, at: now)
            #expect(machine.state == .sending && machine.state.problem == nil)
            machine.adaptersChanged([adapter], at: now)
            #expect(machine.registration(at: now.advanced(by: .seconds(3_600))) == nil)
            machine.forget()
            #expect(machine.state == .starting)
        }
    }

    @Test func aRefusalIsAProblemAndTriedAgainLater() {
        var machine = TransmitterMachine(.first)
        machine.adaptersChanged([adapter], at: now)
        var due = machine.registration(at: now)
        var time = now
        var waits: [Int] = []
        for _ in 0..<8 {
            machine.answered(due?.token ?? 0, "org.bluez.Error.NotPermitted", at: time)
            #expect(machine.state.problem?.contains("NotPermitted") == true)
            due = nil
            for wait in 1...120 where due == nil {
                due = machine.registration(at: time.advanced(by: .seconds(wait)))
                if due != nil { waits.append(wait) }
            }
            time = time.advanced(by: .seconds(waits.last ?? 0))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func aReleaseIsAProblemUntilItIsBack() {
        var machine = TransmitterMachine(.first)
        machine.adaptersChanged([adapter], at: now)
        machine.answered(machine.registration(at: now)?.token ?? 0, nil, at: now)
        machine.released(at: now)
        #expect(machine.state == .released && machine.state.problem != nil)
        let later = now.advanced(by: .seconds(1))
        machine.answered(machine.registration(at: later)?.token ?? 0, nil, at: later)
        #expect(machine.state == .sending)
    }

    @Test func anAdapterThatIsOffSendsNothing() {
        var machine = TransmitterMachine(.first)
        var off = adapter
        off.isPowered = false
        machine.adaptersChanged([off], at: now)
        #expect(machine.state.name == "powered-off" && machine.state.problem != nil)
        #expect(machine.registration(at: now.advanced(by: .seconds(3_600))) == nil)
        machine.adaptersChanged([adapter], at: now)
        machine.answered(machine.registration(at: now)?.token ?? 0, nil, at: now)
        #expect(machine.state == .sending)
        machine.adaptersChanged([off], at: now)
        #expect(machine.state.name == "powered-off")
        machine.released(at: now)
        #expect(machine.state.name == "powered-off")
        #expect(machine.registration(at: now.advanced(by: .seconds(3_600))) == nil)
        machine.adaptersChanged([adapter], at: now)
        let due = machine.registration(at: now)
        #expect(due != nil, "at once, and not after a wait")
        // An answer that comes when it is off again does not put it on the air.
        machine.adaptersChanged([off], at: now)
        machine.answered(due?.token ?? 0, nil, at: now)
        #expect(machine.state.name == "powered-off")
    }

    @Test func anAdapterThatCannotAdvertiseIsNamed() {
        var machine = TransmitterMachine(.name("hci3"))
        machine.adaptersChanged([adapter], at: now)
        #expect(machine.state.problem?.contains("hci3") == true)
        machine.adaptersChanged([Adapter(path: "/org/bluez/hci3")], at: now)
        #expect(machine.state.name == "no-adapter")
        machine.adaptersChanged(nil, at: now)
        #expect(machine.state == .noService)
        machine.released(at: now)
        machine.answered(17, nil, at: now)
        #expect(machine.state == .noService)
    }

    @Test func theFrameIsAppleS() throws {
        let beacon = try #require(
            TransmittedBeacon(
                uuid: [UInt8](0..<16), major: 0x1234, minor: 0x5678, measuredPower: -59, title: ""))
        #expect(
            beacon.data
                == [0x02, 0x15] + [UInt8](0..<16) + [0x12, 0x34, 0x56, 0x78, 0xc5])
        #expect(
            TransmittedBeacon(uuid: [1], major: 1, minor: 1, measuredPower: 0, title: "") == nil)
    }
}

@Suite("bluetoothd sends what it reads of us", .serialized)
struct TransmitterTests {
    init() { HubThread.start() }

    @Test @Hub func registeredReadReleasedAndBack() async throws {
        let rig = try ClientRig([])
        let beacon = try #require(
            TransmittedBeacon(
                uuid: [UInt8](0..<16), major: 1, minor: 2, measuredPower: -59, title: "b"))
        let transmitter = rig.client.addTransmitter(beacon, on: .first)
        transmitter.onChange = { _ in rig.news.reach() }
        await rig.blueZ.start()
        try await rig.client.start()
        defer { rig.stop() }
        try await rig.until { _ in transmitter.state == .sending }
        #expect(rig.blueZ.advertised?["Type"]?.string == "broadcast")
        let data = rig.blueZ.advertised?["ManufacturerData"]?.entries?.first
        #expect(data?.key.integer == 0x004c)
        #expect(data?.value.bytes == beacon.data)

        // A stranger's Release is refused.
        let name = try #require(rig.client.uniqueName)
        let stranger = Connection(rig.bus.bus)
        try await stranger.connect()
        await #expect(throws: BusError.self) {
            _ = try await stranger.call(
                "Release", of: "org.bluez.LEAdvertisement1", at: name, "/beacon")
        }
        stranger.close()
        #expect(transmitter.state == .sending)

        await rig.blueZ.releaseAdvertisement(of: name, "/beacon")
        try await rig.until { _ in transmitter.state == .released }
        try await rig.until { _ in transmitter.state == .sending }
        #expect(rig.blueZ.calls["RegisterAdvertisement"] == 2)

        rig.blueZ.stop()
        try await rig.until { _ in transmitter.state == .noService }
        await rig.blueZ.start()
        try await rig.until { _ in transmitter.state == .sending }
        #expect(rig.blueZ.calls["RegisterAdvertisement"] == 3)
    }

    @Test @Hub func switchedOffAndOn() async throws {
        let rig = try ClientRig([])
        let transmitter = try await started(rig)
        defer { rig.stop() }
        for _ in 0..<2 {
            // bluetoothd may keep the registration meanwhile.
            rig.blueZ.change("hci0") { $0.isPowered = false }
            try await rig.until { _ in transmitter.state.name == "powered-off" }
            rig.blueZ.change("hci0") { $0.isPowered = true }
            try await rig.until { _ in transmitter.state == .sending }
            #expect(rig.blueZ.adapters["hci0"]?.advertisements.count == 1)
        }
        #expect(rig.blueZ.calls["RegisterAdvertisement"] == 3)
    }

    /// bluetoothd took it and said so too late.
    @Test @Hub func anAnswerThatIsLostIsMadeGoodByTheNextTry() async throws {
        let rig = try ClientRig([])
        rig.blueZ.faults["RegisterAdvertisement"] = .lost
        let transmitter = try await started(rig) { $0.name == "refused" }
        defer { rig.stop() }
        #expect(rig.blueZ.adapters["hci0"]?.advertisements.count == 1)
        rig.blueZ.faults = [:]
        try await rig.until { _ in
            transmitter.state != .starting && transmitter.state.name != "refused"
        }
        #expect(transmitter.state == .sending)
        #expect(rig.blueZ.adapters["hci0"]?.advertisements.count == 1)
        #expect(rig.blueZ.calls["RegisterAdvertisement"] == 2)
    }

    @Hub private func started(
        _ rig: ClientRig, until isReached: (TransmitterState) -> Bool = { $0 == .sending }
    ) async throws -> BeaconTransmitter {
        let beacon = try #require(
            TransmittedBeacon(
                uuid: [UInt8](0..<16), major: 1, minor: 2, measuredPower: -59, title: "b"))
        let transmitter = rig.client.addTransmitter(beacon, on: .first)
        transmitter.onChange = { _ in rig.news.reach() }
        await rig.blueZ.start()
        try await rig.client.start()
        try await rig.until { _ in isReached(transmitter.state) }
        return transmitter
    }
}
