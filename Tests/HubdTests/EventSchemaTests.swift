import Foundation
import Testing

@Suite("Every event keeps to its schema")
struct EventSchemaTests {
    /// The sample mall, a shake, and what becomes of devices: all types that need no radio.
    @Test func whatTheSinksGet() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.configureDevices(
            "[{ id: \"bp-7\", kind: \"blood-pressure\", address: \"C0:00:00:00:00:01\", owners: [\"k\"] }]"
        )
        try hub.startAndPlay()
        let beacon = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58"
        for words in [
            ["shake", "--beacon=\(beacon)", "--user=u-1"],
            ["pair", "C0:00:00:00:00:02", "--kind=blood-pressure", "--id=bp-8", "--owner=k"],
            ["bind", "bp-7", "k-2"], ["replace", "bp-7", "bp-8"], ["forget", "bp-8"],
        ] {
            #expect(try hub.hubctl(words).status == 0, "\(words)")
        }
        #expect(hub.end() == 0)
        let types = Set(try hub.delivered().compactMap { $0["type"] as? String })
        #expect(
            types.isSuperset(of: [
                "org.hubd.hub.started.v1", "org.hubd.beacon.entered.v1",
                "org.hubd.shake.resolved.v1", "org.hubd.device.bound.v1",
                "org.hubd.device.unbound.v1",
            ]))
        let program = TestHub.repository.appending(path: "examples/sync-service/check_events.py")
        let check = try Tool.run("python3", [program.path, "\(hub.folder.path)/events.jsonl"])
        #expect(check.status == 0, "\(check.output)")
    }
}
