import Foundation
import Testing

@Suite("The doctor sees a real hub, running and not")
struct DoctorTests {
    /// The states by area and thing; the machine's own clock and disk are not the test's business.
    private func states(_ run: TestHub.Run) throws -> [String: Set<String>] {
        let checks = try #require(try run.json()["checks"] as? [[String: Any]])
        var states: [String: Set<String>] = [:]
        for check in checks {
            let area = check["area"] as? String ?? ""
            let thing = check["thing"] as? String ?? ""
            states[area + (thing.isEmpty ? "" : " \(thing)"), default: []]
                .insert(check["state"] as? String ?? "")
        }
        return states
    }

    @Test func aHubThatRuns() throws {
        let hub = try TestHub()
        try hub.configure(
            sinks: """
                [
                  { kind: "file", path: "events.jsonl" },
                  { kind: "file", name: "gone", path: "gone/events.jsonl" },
                  { kind: "http", name: "nobody", url: "http://127.0.0.1:1/" },
                  { kind: "mqtt", url: "mqtt://127.0.0.1:1", topic: "t" },
                ]
                """)
        try hub.startAndPlay()
        try FileManager.default.removeItem(at: hub.folder.appending(path: "gone"))
        let run = try hub.hubctl("doctor", "--json")
        #expect(run.status == 1)
        let states = try states(run)
        #expect(states["bus"] == ["well"])
        #expect(states["hubd"] == ["well"])
        // The configuration of the running hubd is found without being named.
        #expect(states["config"] == ["well"])
        #expect(states["sink file"] == ["well"])
        #expect(states["sink gone"] == ["failed"])
        // The name is found, the port is not.
        #expect(states["sink nobody"] == ["well", "failed"])
        #expect(states["sink mqtt"] == ["well", "failed"])
        #expect(states["radio capture:mall.btsnoop"] == ["well"])
        #expect(states["disk"] != nil && states["clock"] != nil)
        // Captures need no Bluetooth.
        #expect(!states.keys.contains { $0.hasPrefix("bluetooth") })
        #expect(hub.end() == 0)
    }

    @Test func aHubThatIsDown() throws {
        let hub = try TestHub()
        try hub.configure(
            sinks: """
                [{ kind: "file", path: "none/none/events.jsonl" },
                 { kind: "http", url: "http://127.0.0.1:1/" }]
                """)
        try hub.startBus()
        let run = try hub.hubctl("doctor", "--json", "--config", "\(hub.folder.path)/hubd.json5")
        #expect(run.status == 1)
        let states = try states(run)
        #expect(states["hubd"] == ["failed"])
        #expect(states["config"] == ["well"])
        #expect(states["sink file"] == ["failed"])
        #expect(states["sink http"] == ["well", "failed"])
        #expect(states["disk"] != nil && states["clock"] != nil)
    }

    @Test func aConfigurationThatIsBroken() throws {
        let hub = try TestHub()
        try hub.startBus()
        try hub.write("hubd.json5", "{ hub: { idd: 1 }, sinks: [ { kind: \"ftp\" } ] }")
        let run = try hub.hubctl("doctor", "--config", "\(hub.folder.path)/hubd.json5")
        #expect(run.status == 1)
        #expect(run.output.contains("idd"))
        #expect(run.output.contains("ftp"))
        #expect(run.output.contains("mend: "))
        #expect(!run.output.contains("\u{1B}"))
    }

    @Test func noBusAtAll() throws {
        let hub = try TestHub()
        let run = try TestHub.run(
            "hubctl", ["doctor", "--bus=unix:path=/nowhere", "--config=/nowhere"], in: hub.folder)
        #expect(run.status == 1)
        #expect(run.output.contains("/nowhere"))
    }
}
