import Foundation
import Outbox
import Testing

@testable import hubd

@Suite("What leaves the box is listed, and nothing else does")
struct DisclosureTests {
    private func event(_ type: String, _ data: String, day: Int64 = 20_780) -> Event {
        Event(
            type: "org.hubd.\(type).v1", subject: "",
            time: EventTime(
                unixNanoseconds: day * 86_400_000_000_000, utcOffset: 0, isSynchronized: true,
                boot: .zero, bootNanoseconds: 0),
            data: Array(data.utf8), class: .value)
    }

    private func text(_ event: Event) -> String { String(decoding: event.data, as: UTF8.self) }

    @Test func whatIsNotListedStays() {
        let disclosure = Disclosure()
        #expect(
            text(disclosure.outward(event("hub.started", #"{"version":"1","secret":"x"}"#)))
                == #"{"version":"1"}"#)
        #expect(text(disclosure.outward(event("hub.thought", #"{"version":"1"}"#))).isEmpty)
        #expect(text(disclosure.outward(event("hub.started", "not JSON"))).isEmpty)
        let card = #"{"balance":{"value":80.00,"pin":"1234"},"records":[{"counter":1,"x":2}]}"#
        #expect(
            text(disclosure.outward(event("card.read", card)))
                == #"{"balance":{"value":80.00},"records":[{"counter":1}]}"#)
        #expect(
            text(disclosure.outward(event("card.read", #"{"balance":"all of it"}"#)))
                == #"{"balance":null}"#)
    }

    /// The same person on the same day, another one the next; never the key itself.
    @Test func whoShookIsAnotherTomorrow() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "hubd-disclosure-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let shake = event("shake.resolved", #"{"user":"anna","spot":[]}"#)
        let tomorrow = event("shake.resolved", #"{"user":"anna","spot":[]}"#, day: 20_781)
        #expect(text(Disclosure().outward(shake)) == #"{"spot":[]}"#)
        var seen: [String] = []
        for _ in 0..<2 {
            let store = try await Store.open(
                StoreSettings(
                    path: folder.path + "/hubd.db", hub: "x", clock: { shake.time }))
            let disclosure = Disclosure()
            try await disclosure.prepare(store)
            seen += [disclosure.outward(shake), disclosure.outward(tomorrow)].map(text)
            await store.close()
        }
        #expect(seen[0] != seen[1])
        #expect(seen[0] == seen[2] && seen[1] == seen[3])
        #expect(!seen[0].contains("anna") && seen[0].contains(#""user":"day-"#))
    }

    /// A store that has no room for the key at the start: it is asked again until it has.
    @Test func theKeyIsAskedForUntilItIsKept() throws {
        let hub = try TestHub()
        try hub.configure()
        // The disk that is full is the store's alone.
        let folder = hub.folder.appending(path: "store")
        try FileManager.default.createDirectory(
            at: hub.folder.appending(path: "hubd.json5.d"), withIntermediateDirectories: true)
        try hub.write("hubd.json5.d/store.json5", "{ store: { path: \"store/hubd.db\" } }")
        try hub.startHub()
        #expect(hub.end() == 0)
        let disk = hub.folder.appending(path: "disk.so").path
        let compiled = try Tool.run(
            "cc",
            [
                "-O1", "-shared", "-fPIC", "-o", disk,
                TestHub.repository.appending(path: "Tests/Rigs/disk.c").path, "-ldl",
            ])
        try #require(compiled.status == 0, "\(compiled.output)")
        // As if the first start had not come so far; without the reserve nothing helps.
        let forgotten = try Tool.run(
            "python3",
            [
                "-c",
                "import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); "
                    + "base.execute(\"DELETE FROM state WHERE key = 'disclosure/key'\"); "
                    + "base.commit(); base.close()",
                folder.appending(path: "hubd.db").path,
            ])
        try #require(forgotten.status == 0, "\(forgotten.output)")
        try FileManager.default.removeItem(at: folder.appending(path: "hubd.db-reserve"))
        // What is there and half a page: nothing that SQLite writes fits.
        let sizes = try ["hubd.db", "hubd.db-mark"].map {
            try Data(contentsOf: folder.appending(path: $0)).count
        }
        try hub.write("budget", "\(sizes[0] + sizes[1] + 2_048)")
        hub.environment = [
            "LD_PRELOAD": disk, "RIG_DIR": folder.path,
            "RIG_BUDGET": hub.folder.appending(path: "budget").path,
        ]
        try hub.start()
        func problem() throws -> String? {
            let status = try hub.hubctl("status", "--json").json()
            return (status["problems"] as? [String])?.first { $0.hasPrefix("privacy: ") }
        }
        try hub.wait("the problem") { (try? problem()) != nil }
        #expect(try problem()?.contains("no key for pseudonyms could be kept") == true)
        try hub.write("budget", "100000000")
        try hub.wait("the key") { try problem() == nil }
        _ = try hub.hubctl(
            "shake", "--beacon", "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6", "--user", "anna")
        try hub.wait("the event") {
            hub.read("events.jsonl").contains("shake.resolved")
        }
        let shake = try #require(
            hub.delivered().last { ($0["type"] as? String)?.contains("shake") == true })
        #expect(((shake["data"] as? [String: Any])?["user"] as? String)?.hasPrefix("day-") == true)
    }

    /// Every event that a day in the mall makes leaves as it is kept, but for who shook.
    @Test func everyEventOfTheDaemonIsListed() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let lines = try hub.hubctl("events", "--json", "--limit=100000").output
            .split(separator: "\n")
        #expect(lines.count > 10)
        let disclosure = Disclosure()
        for line in lines {
            let kept = try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let type = try #require(kept["type"] as? String)
            let data = try JSONSerialization.data(withJSONObject: kept["data"] ?? [:])
            let before = Event(
                type: type, subject: "", time: event("x", "").time, data: Array(data),
                class: .value)
            let after = try JSONSerialization.jsonObject(
                with: Data(disclosure.outward(before).data))
            let object = try JSONSerialization.jsonObject(with: data)
            #expect((after as? NSDictionary) == (object as? NSDictionary), "\(type)")
        }
        #expect(hub.end() == 0)
    }

    @Test func thePageHasTheList() throws {
        let page = try String(
            contentsOf: TestHub.repository.appending(path: "docs/Privacy.md"), encoding: .utf8)
        for (type, fields) in Disclosure.fields {
            let row = try #require(
                page.split(separator: "\n").first { $0.hasPrefix("| `\(type)` |") }, "\(type)")
            let named = row.split(separator: "|")[1].split(separator: "`")
                .filter { $0.contains { $0.isLetter } }.map(String.init)
            #expect(Set(named) == Set(fields), "\(type)")
        }
    }
}
