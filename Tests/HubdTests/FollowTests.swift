import Foundation
import Testing

@Suite("Who follows the events sees each once, in order, as it becomes durable")
struct FollowTests {
    @Test func keptAndNewEventsInOneStream() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let pty = try Pty(
            [TestHub.program("hubctl"), "events", "--follow", "--json", "--bus=\(hub.busAddress)"],
            columns: 100, rows: 12)
        try pty.wait("what is kept") { $0.contains("org.hubd.beacon.entered.v1") }
        let beacon = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58"
        for _ in 0..<5 {
            let shake = try TestHub.run(
                "hubctl", ["shake", "--beacon", beacon, "--bus=\(hub.busAddress)"], in: hub.folder)
            #expect(shake.status == 0)
        }
        try pty.wait("the shakes") {
            $0.components(separatedBy: "\"org.hubd.shake.resolved.v1\"").count == 6
        }
        let sequences = pty.output.components(separatedBy: "\"sequence\":").dropFirst()
            .compactMap { Int($0.prefix { $0.isNumber }) }
        #expect(!sequences.isEmpty && sequences == sequences.sorted())
        #expect(Set(sequences).count == sequences.count)
        // When hubd goes, the stream ends and says why.
        #expect(hub.end() == 0)
        #expect(try pty.end() == 3)
    }
}
