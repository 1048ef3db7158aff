import Foundation
import Testing

@Suite("A failing neighbor is named, and nothing is lost meanwhile")
struct NeighborTests {
    @Test func aSinkThatCannotBeWritten() throws {
        let hub = try TestHub()
        // A folder where the file should be: even root cannot write it.
        try FileManager.default.createDirectory(
            at: hub.folder.appending(path: "events.jsonl"), withIntermediateDirectories: false)
        try hub.configure()
        try hub.startAndPlay()
        try hub.wait("the sink's fault") { try hub.hubctl("status").status == 1 }
        try hub.wait("the journal") { hub.read("journal").contains("warning: sink file") }
        let status = try hub.hubctl("status", "--json").json()
        #expect(status["state"] as? String == "degraded")
        let problems = try #require(status["problems"] as? [String])
        #expect(problems.contains { $0.contains("sink file") && $0.contains("events.jsonl") })

        try FileManager.default.removeItem(at: hub.folder.appending(path: "events.jsonl"))
        try hub.wait("recovery") { try hub.hubctl("status").status == 0 }
        try hub.wait("its event") { hub.read("events.jsonl").contains("hub.recovered") }
        #expect(hub.end() == 0)
        let sequences = try hub.delivered().compactMap { $0["sequence"] as? Int }
        #expect(sequences == Array(1...sequences.count))
        let types = try hub.delivered().compactMap { $0["type"] as? String }
        #expect(types.contains("org.hubd.hub.degraded.v1"))
        #expect(types.contains("org.hubd.hub.recovered.v1"))
    }

    @Test(arguments: ["missing.btsnoop", "text.btsnoop", "folder"])
    func aCaptureThatCannotBePlayed(name: String) throws {
        let hub = try TestHub()
        try hub.write("text.btsnoop", "this is no capture, and long enough to have a header")
        try FileManager.default.createDirectory(
            at: hub.folder.appending(path: "folder"), withIntermediateDirectories: false)
        try hub.configure(radios: "[{ kind: \"capture\", path: \"\(name)\" }]")
        try hub.start()
        try hub.wait("the fault") { try hub.hubctl("status").status == 2 }
        #expect(try hub.hubctl("status").output.contains(name))
        #expect(hub.end() == 0)
    }

    @Test func aRadioWithoutBluetoothdIsNotSilentlyDeaf() throws {
        let hub = try TestHub()
        try hub.configure(radios: "[{ kind: \"bluez\", adapter: \"hci0\" }]")
        try hub.start()
        try hub.wait("the fault") { try hub.hubctl("status").status == 2 }
        let status = try hub.hubctl("status")
        #expect(status.output.contains("bluez:hci0"))
        #expect(status.output.contains("systemctl enable --now bluetooth.service"))
    }

    @Test func twoDaemonsOnOneStore() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let second = try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5", "--bus", hub.busAddress],
            in: hub.folder)
        #expect(second.status == 75)
        #expect(second.errors.contains("hubd.db"))
        #expect(try hub.hubctl("status").status == 0)
    }

    @Test func hubctlWithoutADaemon() throws {
        let hub = try TestHub()
        try hub.startBus()
        for words in [["status"], ["beacons"], ["campaigns"], ["events"], ["outbox"]] {
            let run = try TestHub.run("hubctl", words + ["--bus=\(hub.busAddress)"], in: hub.folder)
            #expect(run.status == 3, "\(words)")
            #expect(run.errors.contains("hubd does not run"))
        }
        let noBus = try TestHub.run(
            "hubctl", ["status", "--bus=unix:path=/nowhere"], in: hub.folder)
        #expect(noBus.status == 3)
        #expect(noBus.errors.contains("/nowhere"))
    }
}
