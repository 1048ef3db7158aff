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
