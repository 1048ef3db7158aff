import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import Foundation
import TestSupport
import Testing

@Suite("Whatever bluetoothd does, the radio hears again", .serialized)
struct FaultTests {
    init() { HubThread.start() }

    @Test @Hub func itAsksForEveryAdvertisementOfLowEnergy() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        let filter = try #require(rig.blueZ.filters.first)
        #expect(filter["Transport"]?.string == "le")
        #expect(filter["DuplicateData"]?.bool == true)
        #expect(filter.entries?.count == 2, "a threshold would hide weak beacons")
        #expect(rig.blueZ.adapters["hci0"]?.sessions == [try #require(rig.client.uniqueName)])
    }

    @Test @Hub func bluetoothdMayComeLater() async throws {
        let rig = try ClientRig()
        try await rig.client.start()
        try await rig.until { $0.radio.state == .noService(nil) }
        await rig.blueZ.start()
        try await rig.untilListening()
        rig.stop()
    }

    /// Also that nothing is left behind: a thousand times the same descriptors, rules and sessions.
    @Test @Hub func aThousandRestartsLeaveNothingBehind() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        var descriptors = 0
        for round in 0..<1_000 {
            if round == 10 { descriptors = openDescriptors() }
            rig.blueZ.stop()
            try await rig.until { $0.radio.state == .noService(nil) }
            await rig.blueZ.start()
            try await rig.untilListening()
        }
        #expect(openDescriptors() <= descriptors + 2)
        #expect(rig.blueZ.calls["StartDiscovery"] == 1_001)
        #expect(rig.blueZ.calls["SetDiscoveryFilter"] == 1_001)
        #expect(rig.blueZ.calls["StopDiscovery"] == nil)
        #expect(rig.client.counters.generations == 1_001)
        // One sighting is one sighting still.
        rig.blueZ.heard("C0:00:00:00:00:01", [("RSSI", .int16(-50))])
        try await rig.settle()
        #expect(rig.heard.count == 1)
    }

    private func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    @Test @Hub func aBusThatIsRestartedIsJoinedAgain() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        rig.bus.kill()
        try await rig.until { $0.radio.state.name == "no-bus" }
        try rig.bus.start()
        try await rig.untilListening()
        #expect(rig.blueZ.calls["StartDiscovery"] == 2)
        rig.blueZ.heard("C0:00:00:00:00:01", [("RSSI", .int16(-50))])
        try await rig.settle()
        #expect(rig.heard.count == 1)
    }

    @Test @Hub func anAnswerOfAnEarlierBluetoothdIsDropped() async throws {
        let rig = try ClientRig()
        rig.blueZ.faults["StartDiscovery"] = .late
        await rig.blueZ.start()
        try await rig.client.start()
        try await rig.until { $0.blueZ.calls["StartDiscovery"] == 1 }
        let other = FakeBlueZ(rig.bus.bus)
        other.plug("hci5", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:99"))
        rig.blueZ.stop()
        other.onCall = { _ in rig.news.reach() }
        await other.start()
        try await rig.untilListening()
        #expect(rig.radio.adapter?.name == "hci5")
        #expect(other.calls["StartDiscovery"] == 1)
        other.stop()
        rig.stop()
    }

    @Test(arguments: ["SetDiscoveryFilter", "StartDiscovery", "Powered"]) @Hub
    func aRefusalIsShownAndTriedAgain(method: String) async throws {
        let rig = try ClientRig()
        rig.blueZ.change("hci0") { $0.isPowered = false }
        rig.blueZ.faults[method] = .error("org.bluez.Error.Failed")
        await rig.blueZ.start()
        try await rig.client.start()
        try await rig.until { $0.blueZ.calls[method] ?? 0 >= 3 }
        #expect(rig.radio.state.name == "refused")
        #expect(rig.radio.state.text?.contains("as the test wants it") == true)
        rig.blueZ.faults = [:]
        try await rig.untilListening()
        rig.stop()
    }

    @Test @Hub func rfkillIsNamed() async throws {
        let rig = try ClientRig()
        rig.blueZ.change("hci0") { $0.isPowered = false }
        rig.blueZ.faults["Powered"] = .error("org.bluez.Error.Blocked")
        await rig.blueZ.start()
        try await rig.client.start()
        try await rig.until { $0.radio.state == .blocked }
        rig.blueZ.faults = [:]
        rig.blueZ.change("hci0") { $0.isPowered = true }
        try await rig.untilListening()
        rig.stop()
    }

    @Test @Hub func aSwitchedOffAdapterIsSwitchedOn() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        rig.blueZ.change("hci0") {
            $0.isPowered = false
            $0.isDiscovering = false
            $0.sessions = []
        }
        try await rig.until { $0.radio.state == .poweredOff }
        try await rig.untilListening()
        #expect(rig.blueZ.adapters["hci0"]?.isPowered == true)
        #expect(rig.blueZ.calls["StartDiscovery"] == 2)
    }

    @Test @Hub func discoveryThatEndsIsStartedAgain() async throws {
        let rig = try ClientRig()
        try await rig.start()
        defer { rig.stop() }
        // The session is still ours: StartDiscovery alone would be refused.
        rig.blueZ.change("hci0") { $0.isDiscovering = false }
        try await rig.until { $0.radio.state == .discoveryStopped }
        try await rig.untilListening()
        #expect(rig.blueZ.calls["StopDiscovery"] == 1)
        #expect(rig.blueZ.adapters["hci0"]?.isDiscovering == true)
    }

    @Test @Hub func anAddressFollowsItsAdapterToAnotherNumber() async throws {
        let selector = try #require(AdapterSelector("00:1A:7D:DA:71:13"))
        let rig = try ClientRig([selector], plugged: false)
        rig.blueZ.plug("hci0", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:99"))
        rig.blueZ.plug("hci1", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:13"))
        try await rig.start()
        defer { rig.stop() }
        #expect(rig.radio.adapter?.name == "hci1")
        rig.blueZ.unplug("hci1")
        try await rig.until { $0.radio.state.name == "no-adapter" }
        #expect(rig.radio.state.text?.contains("hci0 (00:1A:7D:DA:71:99)") == true)
        #expect(rig.blueZ.adapters["hci0"]?.sessions.isEmpty == true)
        rig.blueZ.plug("hci4", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:13", isPowered: false))
        try await rig.untilListening()
        #expect(rig.radio.adapter?.name == "hci4")
        rig.blueZ.heard("C0:00:00:00:00:01", on: "hci4", [("RSSI", .int16(-50))])
        try await rig.settle(on: "hci4")
        #expect(rig.heard.count == 1)
    }

    @Test @Hub func oneThatTakesAnyAdapterLeavesThoseThatOthersName() async throws {
        let rig = try ClientRig([.first, .name("hci0"), .first])
        rig.blueZ.plug("hci1", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:99"))
        try await rig.start()
        defer { rig.stop() }
        #expect(rig.radios.map(\.adapter?.name) == ["hci1", "hci0", nil])
        #expect(rig.radios[2].state.name == "adapter-taken")
        rig.blueZ.unplug("hci1")
        try await rig.until { $0.radios[0].adapter == nil }
        #expect(rig.radios[0].state.name == "adapter-taken")
    }

    @Test @Hub func twoRadiosHearEachTheirOwnAdapter() async throws {
        let rig = try ClientRig([.name("hci0"), .name("hci1"), .first])
        rig.blueZ.plug("hci1", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:99"))
        try await rig.start()
        defer { rig.stop() }
        try await rig.until { $0.radios[1].state == .listening }
        #expect(rig.radios[2].state.name == "adapter-taken")
        rig.blueZ.unplug("hci0")
        try await rig.until { $0.radios[0].state.name == "no-adapter" }
        #expect(rig.radios[1].state == .listening, "the other one goes on")
        #expect(rig.blueZ.calls["StartDiscovery"] == 2)
    }
}
