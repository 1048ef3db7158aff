import Foundation
import Testing

@Suite("A capture of a mall goes through the whole house")
struct WholeHouseTests {
    /// What is true of the recording is told by its own script, Guest/record-mall: one beacon is
    /// silent, one leaves half-way, one has a twin, one a low battery, one is in no catalog.
    @Test func everythingTheRecordingHolds() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()

        let status = try hub.hubctl("status", "--json")
        #expect(status.status == 0, "\(status.output)")
        let beacons = try #require(try status.json()["beacons"] as? [String: Any])
        #expect(beacons["configured"] as? Int == 30)
        #expect(beacons["neverHeard"] as? Int == 1)
        #expect(beacons["unknown"] as? Int == 1)

        let rows = try hub.hubctl("beacons", "--json").list()
        func row(_ ending: String) -> [String: Any] {
            rows.first { ($0["id"] as? String)?.hasSuffix(ending) == true } ?? [:]
        }
        #expect(row("/10012/3")["state"] as? String == "never-heard")
        #expect(row("/10011/9")["state"] as? String == "absent")
        #expect((row("/10011/3")["findings"] as? [String])?.contains("duplicate") == true)
        #expect((row("/000000000201")["findings"] as? [String])?.contains("low-battery") == true)
        #expect(row("/000000000201")["battery"] as? Double == 2.31)
        let unknown = try hub.hubctl("beacons", "--unknown", "--json").list()
        #expect(unknown.count == 1)
        #expect((unknown.first?["id"] as? String)?.hasSuffix("/10099/1") == true)
        #expect(unknown.first?["related"] as? Bool == true)

        #expect(hub.end() == 0)
        let events = try hub.delivered()
        #expect(events.map { $0["sequence"] as? Int } == Array(1...events.count))
        #expect(Set(events.map { $0["id"] as? String }).count == events.count)
        #expect(events.allSatisfy { $0["source"] as? String == "urn:hubd:test-hub" })
        let types = events.compactMap { $0["type"] as? String }
        #expect(types.first == "org.hubd.hub.started.v1")
        #expect(types.count { $0 == "org.hubd.beacon.entered.v1" } == 29)
        #expect(types.count { $0 == "org.hubd.beacon.left.v1" } == 1)
        #expect(!hub.read("events.jsonl").contains("10099/1"), "a stranger makes no event")
    }

    @Test func killedAtAnyTimeNothingIsLostOrDoubled() throws {
        let hub = try TestHub()
        try hub.configure()
        for _ in 0..<5 {
            try hub.start()
            // Somewhere between the first event and the last.
            let before = (try? hub.delivered().count) ?? 0
            try hub.wait("a new event") { hub.read("events.jsonl").count(of: "\n") > before }
            #expect(hub.end(SIGKILL) == SIGKILL)
        }
        try hub.startAndPlay()
        #expect(hub.end() == 0)
        let sequences = try hub.delivered().compactMap { $0["sequence"] as? Int }
        #expect(sequences == Array(1...sequences.count))
    }

    @Test func endsCleanlyWhileACaptureRepeats() throws {
        let hub = try TestHub()
        try hub.configure(
            radios:
                "[{ kind: \"capture\", path: \"\(TestHub.mall.path)/mall.btsnoop\", speed: \"max\", repeat: true }]"
        )
        try hub.start()
        try hub.wait("presence") {
            let beacons = try? hub.hubctl("status", "--json").json()["beacons"] as? [String: Any]
            return beacons?["present"] as? Int ?? 0 > 20
        }
        #expect(hub.end(SIGINT) == 0)
        #expect(hub.read("journal").contains("ending"))
    }

    @Test func withoutABusItHearsAndComesOnTheBusLater() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startBus()
        hub.stopBus()
        try hub.start()
        try hub.wait("events") { hub.read("events.jsonl").count(of: "\n") > 30 }
        #expect(try hub.hubctl("status").status == 3)
        try hub.wait("the loss to be noticed") { hub.read("journal").contains("warning: bus:") }
        try hub.startBus()
        try hub.wait("the bus") { try hub.hubctl("status").status == 0 }
        try hub.wait("the journal") { hub.read("journal").contains("bus: well again") }
    }

    /// What `hubctl events --json` shows is byte for byte what the sink got.
    @Test func eventsAreTheSameEverywhere() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let shown = try hub.hubctl("events", "--json", "--limit", "1000")
        try hub.wait("delivery") { hub.read("events.jsonl").count == shown.output.count }
        #expect(hub.read("events.jsonl") == shown.output)
        let left = try hub.hubctl("events", "--json", "--type", "beacon.left")
        #expect(left.output.count(of: "\n") == 1)
        #expect(try hub.hubctl("events", "--since", "1h", "--json").output == shown.output)
        #expect(try hub.hubctl("events", "--since", "2100-01-01", "--json").output.isEmpty)
        #expect(try hub.hubctl("events", "--since", "yesterday").status == 64)
    }
}

extension String {
    func count(of character: Character) -> Int { count { $0 == character } }
}
