import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import HardwareHub
import Testing

/// A hub with one radio and a scale that can be connected.
@Hub
final class DeviceRig {
    let rig: ClientRig
    let log = MachineLog()
    private(set) var device: FakeDevice
    private(set) var reports: [SessionReport] = []
    private(set) var notes: [DeviceNote] = []
    private(set) var faults: [DeviceFault] = []
    private(set) var sightings: [DeviceSighting] = []
    private(set) var connected = 0
    private(set) var kept: [(findings: [DeviceFinding], memory: [String: [UInt8]?])] = []
    /// Why findings cannot be kept; nil when they can.
    var refusal: String?
    /// Whether to keep findings waits for `releaseKeeps`.
    var keepsAreHeld = false
    private var held: [CheckedContinuation<Void, Never>] = []

    nonisolated static let address = DeviceAddress(bits: 0xc0_0000_0000_01, kind: .public)
    /// The measurement, which is notified; the features, which are read; the control point.
    nonisolated static let measurement: UInt16 = 0x000b
    nonisolated static let feature: UInt16 = 0x000e
    nonisolated static let control: UInt16 = 0x0011
    nonisolated static let characteristics = [
        FakeDevice.Characteristic(
            measurement, "2a9d", in: 0x000a, "181d", ["notify"]),
        FakeDevice.Characteristic(
            feature, "2a9e", in: 0x000a, "181d", ["read"], value: [1, 2, 3]),
        FakeDevice.Characteristic(
            control, "2a9f", in: 0x000a, "181d", ["write", "write-without-response", "notify"]),
        FakeDevice.Characteristic(
            0x0014, "2aa0", in: 0x000a, "181d", ["write-without-response"]),
        FakeDevice.Characteristic(
            0x0017, "2aa1", in: 0x000a, "181d", ["indicate"]),
    ]

    init(
        _ characteristics: [FakeDevice.Characteristic] = DeviceRig.characteristics
    ) throws {
        rig = try ClientRig()
        device = rig.blueZ.add("\(Self.address)", characteristics)
        client.devices.onSighting = { [weak self] in
            self?.sightings.append($0)
            self?.rig.news.reach()
        }
        client.devices.isEnrolled = { $0.bits == Self.address.bits }
    }

    var client: BlueZClient { rig.client }
    var blueZ: FakeBlueZ { rig.blueZ }

    func start() async throws {
        try await rig.start()
        try await untilReady()
    }

    /// By question and answer over the bus: there is no sign of it to wait for.
    func untilReady() async throws {
        while !client.devices.isReady { try await blueZ.flush() }
    }

    func until(
        _ location: SourceLocation = #_sourceLocation, _ condition: (DeviceRig) -> Bool
    ) async throws {
        while !condition(self) { try await rig.news.wait(for: rig.news.count + 1, location) }
    }

    /// Waits until a session has ended.
    func untilEnd(
        _ number: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) async throws -> DeviceOutcome {
        try await until(location) { $0.reports.count >= number }
        return reports[number - 1].outcome
    }

    func stop() {
        releaseKeeps()
        rig.stop()
    }

    func releaseKeeps() {
        keepsAreHeld = false
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    @discardableResult
    func connect(
        _ address: DeviceAddress = DeviceRig.address, _ script: @escaping ScriptedMachine.Script
    ) -> DeviceSession {
        let news = rig.news
        let machine = ScriptedMachine(log) { event, machine in
            defer { Hub.start { news.reach() } }
            return script(event, &machine)
        }
        return client.devices.connect(address, machine: machine, owner: owner)
    }

    private var owner: SessionOwner {
        SessionOwner(
            onConnected: { [weak self] in
                self?.connected += 1
                self?.rig.news.reach()
            },
            keep: { [weak self] findings, memory in
                guard let self else { return "over" }
                if keepsAreHeld { await withCheckedContinuation { held.append($0) } }
                if let refusal { return refusal }
                kept.append((findings, memory))
                return nil
            },
            onNote: { [weak self] in
                self?.notes.append($0)
                self?.rig.news.reach()
            },
            onReport: { [weak self] in self?.faults.append($0) },
            onEnd: { [weak self] in
                self?.reports.append($0)
                self?.rig.news.reach()
            })
    }
}

extension DeviceOutcome {
    /// What went wrong.
    var fault: DeviceFault? {
        if case .failed(let fault) = self { fault } else { nil }
    }
}
