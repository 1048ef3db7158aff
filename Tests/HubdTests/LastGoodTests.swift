import Foundation
import Testing

@testable import hubd

@Suite("A broken configuration does not leave a shop without its hub")
struct LastGoodTests {
    /// A hub that has once been up with a good configuration and has ended.
    private static func hubThatWasGood() throws -> TestHub {
        let hub = try TestHub()
        let sample = try String(
            contentsOf: TestHub.mall.appending(path: "catalog.json5"), encoding: .utf8)
        try hub.write("catalog.json5", sample)
        try hub.configure(catalog: "catalog.json5")
        try hub.startAndPlay()
        #expect(hub.end() == 0)
        return hub
    }

    private static func check(_ hub: TestHub) throws -> TestHub.Run {
        try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5", "--check"], in: hub.folder)
    }

    private static func problems(_ hub: TestHub) throws -> [String] {
        try hub.hubctl("status", "--json").json()["problems"] as? [String] ?? []
    }

    @Test func theLastGoodOneIsTakenAndTheMendIsTold() throws {
        let hub = try Self.hubThatWasGood()
        let good = hub.read("hubd.json5")
        try hub.write("hubd.json5", good + "}")
        try hub.startAndPlay()
        #expect(try hub.hubctl("status").status == 1, "degraded")
        let problems = try Self.problems(hub)
        #expect(problems.count == 1)
        let line = good.count(of: "\n") + 1
        #expect(problems.first?.hasPrefix("configuration: ") == true)
        #expect(problems.first?.contains("/hubd.json5:\(line):") == true, "\(problems)")
        #expect(problems.first?.contains("mend it, then systemctl reload hubd") == true)
        #expect(hub.read("journal").contains("error: \(hub.folder.path)/hubd.json5:\(line):"))
        #expect(hub.read("journal").contains("starting with the copy"))
        #expect(try hub.hubctl("campaigns", "--json").list().count == 14)
        #expect(try Self.check(hub).status == 78)
        try hub.wait("the watch") { hub.read("journal").contains("warning: configuration: ") }

        try hub.write("hubd.json5", good)
        #expect(try hub.hubctl("reload").status == 0)
        try hub.wait("the problem's end") { try hub.hubctl("status").status == 0 }
        try hub.wait("the journal") { hub.read("journal").contains("configuration: well again") }
    }

    @Test func everyProblemIsTold() throws {
        let hub = try Self.hubThatWasGood()
        try hub.write(
            "catalog.json5", "{ zones: [{ id: 1 }, { idd: \"a\" }], beacons: [{ id: \"x\" }] }")
        try hub.startAndPlay()
        let told = try Self.check(hub).output.split(separator: "\n")
        #expect(told.count > 2)
        for problem in told { #expect(hub.read("journal").contains(problem)) }
        #expect(try Self.problems(hub).first?.contains("; \(told.count - 1) more") == true)
        #expect(try hub.hubctl("beacons", "--json").list().count == 30)
    }

    /// A drop-in belongs to it, and a reload renews it.
    @Test func itIsWhatWasInForceLast() throws {
        let hub = try Self.hubThatWasGood()
        try hub.startAndPlay()
        try FileManager.default.createDirectory(
            at: hub.folder.appending(path: "hubd.json5.d"), withIntermediateDirectories: false)
        try hub.write("hubd.json5.d/sink.json5", "{ sinks: [] }")
        #expect(try hub.hubctl("reload").status == 0)
        try hub.write("hubd.json5.d/sink.json5", "{ sinks: [ }")
        let refused = try hub.hubctl("reload")
        #expect(refused.status == 78)
        #expect(refused.errors.contains("sink.json5:1:12"), "\(refused.errors)")
        try hub.wait("the problem") {
            try Self.problems(hub).contains { $0.hasPrefix("configuration: ") }
        }
        #expect(hub.end(SIGKILL) == SIGKILL)
        try hub.startAndPlay()
        let sinks = try hub.hubctl("status", "--json").json()["sinks"] as? [Any]
        #expect(sinks?.isEmpty == true)
        #expect(try Self.problems(hub).first?.contains("sink.json5:1:12") == true)
    }

    @Test func aChangeThatWantsARestartIsAProblemUntilThen() throws {
        let hub = try Self.hubThatWasGood()
        try hub.startAndPlay()
        let text = hub.read("hubd.json5").replacing("test-hub", with: "other-hub")
        try hub.write("hubd.json5", text)
        #expect(try hub.hubctl("reload").status == 78)
        try hub.wait("the problem") {
            try Self.problems(hub).contains { $0.contains("hub has changed; it takes effect") }
        }
        #expect(hub.end() == 0)
        try hub.startAndPlay()
        #expect(try hub.hubctl("status").status == 0)
    }

    @Test func secretsAreNotCopied() throws {
        let hub = try TestHub()
        try hub.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        try hub.configure(
            sinks: "[{ kind: \"http\", url: \"http://127.0.0.1:9/\", secretFile: \"./secret\" }]")
        try hub.startAndPlay()
        #expect(hub.end() == 0)
        let copy = hub.read("last-good.json")
        #expect(copy.contains("./secret"))
        #expect(!copy.contains("whsec_"))
        let attributes = try FileManager.default.attributesOfItem(
            atPath: hub.folder.appending(path: "last-good.json").path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    /// Its beacon is not recognized then; all others are.
    @Test func aKeyThatIsGoneIsNoReasonNotToHear() throws {
        let hub = try TestHub()
        try hub.write("key", "000102030405060708090a0b0c0d0e0f")
        try hub.write(
            "catalog.json5",
            """
            { zones: [{ id: "a" }],
              beacons: [{ id: "eddystone-eid:door", zone: "a",
                eid: { keyFile: "./key", rotation: 10, epoch: "2026-01-01T00:00:00Z" } }] }
            """)
        try hub.configure(catalog: "catalog.json5")
        try hub.startAndPlay()
        #expect(hub.end() == 0)
        try FileManager.default.removeItem(at: hub.folder.appending(path: "key"))
        try hub.startAndPlay()
        #expect(try Self.problems(hub).contains { $0.contains("/key") })
    }

    @Test func withoutAGoodOneItEnds() throws {
        let hub = try TestHub()
        try hub.configure(sinks: "[{ kind: \"fax\" }]")
        let run = try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5"], in: hub.folder)
        #expect(run.status == 78)
        #expect(run.errors.contains("hubd.json5:"))
    }

    /// A copy that is cut short, or of another configuration, is none.
    @Test func onlyAWholeCopyOfItsOwnCounts() throws {
        let hub = try Self.hubThatWasGood()
        let config = hub.folder.appending(path: "hubd.json5").path
        try hub.write("hubd.json5", hub.read("hubd.json5") + "}")
        #expect(LastGood.find(config)?.configuration.count == 1)
        let copy = hub.read("last-good.json")
        for length in stride(from: 0, to: copy.utf8.count - 1, by: 97) {
            try hub.write(
                "last-good.json", String(decoding: copy.utf8.prefix(length), as: UTF8.self))
            #expect(LastGood.find(config) == nil, "\(length) bytes")
        }
        try hub.write("last-good.json", copy.replacing("hubd.json5", with: "other.json5"))
        #expect(LastGood.find(config) == nil)
    }
}
