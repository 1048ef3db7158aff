import Foundation
import Testing

@Suite("What becomes of the database is told, and what was acknowledged stays")
struct StoreFileTests {
    private func last(_ hub: TestHub) throws -> Int {
        let store = try hub.hubctl("status", "--json").json()["store"] as? [String: Any]
        return try #require(store?["lastSequence"] as? Int)
    }

    private func shake(_ hub: TestHub) throws {
        let run = try hub.hubctl(
            "shake", "--beacon", "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6")
        #expect(run.status == 0, "\(run.output)\(run.errors)")
    }

    private func awaitDelivery(_ hub: TestHub) throws {
        try hub.wait("the sink") {
            let status = try hub.hubctl("status", "--json").json()
            return (status["sinks"] as? [[String: Any]])?.first?["depth"] as? Int == 0
        }
    }

    /// Damage that is found by reading, long after the start.
    @Test func damageIsToldWhenItIsFound() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        try awaitDelivery(hub)
        #expect(hub.end() == 0)
        let file = hub.folder.appending(path: "hubd.db")
        var bytes = [UInt8](try Data(contentsOf: file))
        // A page of events: the first with one in it that is not the newest.
        let page = try #require(
            stride(from: 4_096, to: bytes.count, by: 4_096).first {
                bytes[$0] == 0x0d
                    && String(decoding: bytes[$0..<$0 + 4_096], as: UTF8.self).contains(
                        "beacon.entered")
            })
        for place in page..<page + 4_096 { bytes[place] = 0xff }
        try Data(bytes).write(to: file)
        try hub.start()
        try hub.wait("hubd") { try hub.hubctl("status").status != 3 }
        _ = try hub.hubctl("events", "--limit", "1000")
        try hub.wait("the journal") { hub.read("journal").contains("gone that every sink had") }
        #expect(!hub.read("journal").contains("error: store"))
        let status = try hub.hubctl("status", "--json").json()
        let store = try #require(status["store"] as? [String: Any])
        let salvage = try #require((store["salvages"] as? [[String: Any]])?.first)
        #expect(try #require(salvage["gone"] as? Int) > 0)
        #expect(salvage["lost"] as? Int == 0)
        #expect((salvage["path"] as? String)?.contains("hubd.db.corrupt-") == true)
        #expect((status["problems"] as? [String])?.isEmpty == true)
    }

    /// A loss is a problem until somebody has looked.
    @Test func aLossIsAProblemUntilItIsSeen() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        try awaitDelivery(hub)
        let before = try last(hub)
        #expect(hub.end() == 0)
        try hub.write("hubd.db", "")
        try hub.start()
        try hub.wait("the problem") { try hub.hubctl("status").status == 1 }
        #expect(hub.read("journal").contains("error: store: "))
        #expect(hub.read("journal").contains("hubd.db was emptied or removed"))
        #expect(try last(hub) > before)
        for name in try FileManager.default.contentsOfDirectory(atPath: hub.folder.path)
        where name.hasPrefix("hubd.db.corrupt-") {
            try FileManager.default.removeItem(at: hub.folder.appending(path: name))
        }
        try hub.wait("the end of the problem") { try hub.hubctl("status").status == 0 }
    }

    /// What is acknowledged after the file is gone survives a kill.
    @Test func aFileThatIsRemovedWhileHubdRuns() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        try FileManager.default.removeItem(at: hub.folder.appending(path: "hubd.db"))
        try shake(hub)
        let before = try last(hub)
        try hub.wait("the journal") {
            hub.read("journal").contains("hubd.db was removed or replaced while hubd had it open")
        }
        #expect(hub.end(SIGKILL) == SIGKILL)
        try hub.startAndPlay()
        let shown = try hub.hubctl(
            "events", "--json", "--limit", "1000", "--type", "shake.resolved")
        #expect(shown.output.contains("shake.resolved"))
        #expect(try last(hub) > before)
        #expect(hub.end() == 0)
        let sequences = try hub.delivered().compactMap { $0["sequence"] as? Int }
        #expect(sequences == Array(1...sequences.count))
    }
}
