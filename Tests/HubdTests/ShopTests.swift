import Foundation
import Testing

@Suite("A shake is answered, kept and counted once")
struct ShopTests {
    private let counter = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6"

    private func shook(_ hub: TestHub, _ campaign: String) throws -> Int? {
        let rows = try hub.hubctl("campaigns", "--json").list()
        let row = rows.first { $0["id"] as? String == campaign }
        return (row?["counters"] as? [String: Any])?["shook"] as? Int
    }

    @Test func countsSurviveAKill() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        for user in ["a", "b", "c"] {
            let shake = try hub.hubctl(
                "shake", "--beacon", "\(counter)@-50", "--user", user, "--json")
            #expect(shake.status == 0)
            let pages = try #require(try shake.json()["pages"] as? [[String: Any]])
            #expect(pages.contains { $0["campaign"] as? String == "mall-welcome" })
        }
        let ask = try hub.hubctl("shake", "--beacon", counter, "--dry-run")
        #expect(ask.status == 0 && ask.output.contains("mall-welcome"))
        #expect(try shook(hub, "mall-welcome") == 3)
        _ = hub.end(SIGKILL)
        try hub.startAndPlay()
        #expect(try shook(hub, "mall-welcome") == 3)
        let events = try hub.hubctl("events", "--type", "shake.resolved", "--json")
        #expect(events.output.count(of: "\n") == 3)
    }

    @Test func refusals() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        #expect(try hub.hubctl("shake").status == 64)
        #expect(try hub.hubctl("shake", "--beacon", "nonsense").status == 64)
        #expect(try hub.hubctl("shake", "--beacon", "\(counter)@loud").status == 64)
        let stranger = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/1"
        let answer = try hub.hubctl("shake", "--dry-run", "--beacon", stranger)
        #expect(answer.status == 0)
        #expect(answer.output.contains("nothing is offered here now"))
        #expect(answer.output.contains("does not know \(stranger)"))
    }
}
