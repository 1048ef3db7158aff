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
        let all = try hub.hubctl("events", "--type", "shake", "--json")
        #expect(all.output.count(of: "\n") == 3)
        let unknown = try hub.hubctl("events", "--type", "shake.resolvd")
        #expect(unknown.status != 0)
        #expect(unknown.errors.contains("no event is of type \"org.hubd.shake.resolvd.v1\""))
        #expect(unknown.errors.contains("shake.resolved"))
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

    @Test func why() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let why = try hub.hubctl("why", counter)
        #expect(why.status == 0, "\(why.errors)")
        #expect(why.output.contains("mall-welcome"))
        #expect(why.output.contains("which is in"))
        #expect(why.output.contains("leaves after"))
        let document = try hub.hubctl("why", counter, "--json").json()
        let beacon = try #require(document["beacon"] as? [String: Any])
        #expect(beacon["leavesAfterSeconds"] as? Double ?? 0 >= 10)
        #expect((document["answer"] as? [String: Any])?["pages"] is [Any])
        // A stranger that is heard, one that is not, and no id at all.
        let family = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"
        #expect(try hub.hubctl("why", "\(family)/10099/1").output.contains("no catalog names it"))
        #expect(try hub.hubctl("why", "\(family)/1/1").status == 65)
        #expect(try hub.hubctl("why", "nonsense").status == 64)
        // Nothing of it was counted.
        #expect(try shook(hub, "mall-welcome") == 0)
    }
}
