import Foundation
import Testing

@Suite("Devices are taken in, bound and replaced by command, and it lasts")
struct DeviceCommandTests {
    private static let band = "C0:00:00:00:00:0B"
    private static let other = "C0:00:00:00:00:0C"

    private func start() throws -> TestHub {
        let hub = try TestHub()
        try hub.configure(radios: "[]")
        try hub.configureDevices(
            """
            [{ id: "band-1", kind: "wechat-sport", address: "\(Self.band)", owners: ["k-1"],
               qrTicket: "AQBk1" }]
            """)
        try hub.startHub()
        return hub
    }

    private func done(_ hub: TestHub, _ words: String...) throws {
        let run = try hub.hubctl(words)
        #expect(run.status == 0, "hubctl \(words): \(run.errors)")
    }

    private func owners(_ hub: TestHub, _ id: String) throws -> [String] {
        try hub.hubctl("device", id, "--json").json()["owners"] as? [String] ?? []
    }

    /// The bindings that events tell of, as `+k-1@band-1`.
    private func bindings(_ hub: TestHub) throws -> [String] {
        try hub.hubctl("events", "--type=device", "--json").output.split(separator: "\n")
            .compactMap { line in
                let event = try JSONSerialization.jsonObject(with: Data(line.utf8))
                guard let event = event as? [String: Any], let type = event["type"] as? String,
                    let data = event["data"] as? [String: Any]
                else { return nil }
                let sign = type == "org.hubd.device.bound.v1" ? "+" : "-"
                return "\(sign)\(data["owner"] ?? "")@\(data["device"] ?? "")"
            }
    }

    @Test func theConfigurationsDevices() throws {
        let hub = try start()
        let rows = try hub.hubctl("devices", "--json").list()
        #expect(rows.map { $0["id"] as? String } == ["band-1"])
        #expect(rows[0]["driver"] as? String == "wechat-sport")
        #expect(rows[0]["state"] as? String == "never-heard")
        #expect(rows[0]["bindings"] as? Int == 1)
        #expect(rows[0]["owners"] == nil, "whose it is, is not for everybody")
        #expect(try owners(hub, "band-1") == ["k-1"])
        #expect(try bindings(hub) == ["+k-1@band-1"])
        let table = try hub.hubctl("devices").output
        #expect(table.hasPrefix("ID      KIND"), "\(table)")
        // No radio can reach it: that is what status says.
        let status = try hub.hubctl("status", "--json").json()
        let problems = try #require(status["problems"] as? [String])
        #expect(problems.contains { $0.hasPrefix("device band-1: no radio can connect") })
        #expect(hub.end() == 0)
    }

    @Test func lifeOfADevice() throws {
        let hub = try start()
        try done(
            hub, "pair", Self.other, "--kind=wechat-sport", "--id=band-2", "--owner=k-2",
            "--owner=k-3")
        try done(hub, "bind", "band-1", "k-9")
        try done(hub, "bind", "band-1", "k-9")
        #expect(try owners(hub, "band-1") == ["k-1", "k-9"])
        try done(hub, "replace", "band-1", "band-2")
        #expect(try owners(hub, "band-2") == ["k-2", "k-3", "k-1", "k-9"])
        try done(hub, "unbind", "band-2", "k-3")

        // Nothing of it is lost with the process, and nothing is told a second time.
        _ = hub.end(SIGKILL)
        try hub.startHub()
        #expect(try owners(hub, "band-2") == ["k-2", "k-1", "k-9"])
        let old = try hub.hubctl("device", "band-1", "--json").json()
        #expect(old["state"] as? String == "replaced")
        #expect(old["replacedBy"] as? String == "band-2")
        #expect(
            try bindings(hub) == [
                "+k-1@band-1", "+k-2@band-2", "+k-3@band-2", "+k-9@band-1", "-k-1@band-1",
                "-k-9@band-1", "+k-1@band-2", "+k-9@band-2", "-k-3@band-2",
            ])

        try done(hub, "forget", "band-2")
        #expect(try hub.hubctl("device", "band-2").status == 65)
        #expect(hub.end() == 0)
    }

    @Test func reload() throws {
        let hub = try start()
        try done(hub, "bind", "band-1", "k-9")
        try hub.configureDevices("[]")
        try done(hub, "reload")
        // Somebody is bound to it by command: it is served for them.
        #expect(try owners(hub, "band-1") == ["k-9"])
        #expect(try bindings(hub) == ["+k-1@band-1", "+k-9@band-1", "-k-1@band-1"])
        try done(hub, "unbind", "band-1", "k-9")
        try done(hub, "forget", "band-1")
        #expect(try hub.hubctl("devices", "--json").list().isEmpty)
        #expect(hub.end() == 0)
    }

    @Test("what cannot be done is refused with its mend") func refusals() throws {
        let hub = try start()
        let cases: [([String], Int32, String)] = [
            (["bind", "band-2", "k"], 65, "did you mean band-1?"),
            (["bind", "band-1", "k 1"], 64, "owner"),
            (["unbind", "band-1", "k-1"], 65, "remove it from its owners there and reload"),
            (["unbind", "band-1", "k-7"], 65, "k-7 is not bound to device band-1"),
            (["forget", "band-1"], 65, "is in the configuration"),
            (["replace", "band-1", "nothing"], 65, "there is no device nothing"),
            (["replace", "band-1", "band-1"], 65, "cannot be replaced with itself"),
            (["pair", Self.other], 64, "a new device needs --kind"),
            (["pair", Self.other, "--kind=blod-pressure"], 64, "expected one of"),
            (["pair", Self.band, "--kind=wechat-sport"], 65, "is device band-1 already"),
            (
                ["pair", Self.other, "--kind=wechat-sport", "--id=band-1"], 65,
                "choose another id"
            ),
            (["pair", "band-1", "--passkey=12"], 64, "six digits"),
            (["pair", "band-1"], 69, "no radio can connect"),
            (["device", "band-1", "--send=0"], 64, "hexadecimal digits in pairs"),
            (["device", "band-1", "--send=00"], 69, "not connected: nothing was sent"),
        ]
        for (words, status, text) in cases {
            let run = try hub.hubctl(words)
            #expect(run.status == status, "\(words): \(run.errors)")
            #expect(run.errors.contains(text), "\(words): \(run.errors)")
        }
        #expect(try bindings(hub) == ["+k-1@band-1"], "nothing has changed")
        #expect(hub.end() == 0)
    }

    /// A program that asks for JSON gets a document from every verb.
    @Test func answersOfChangesAreDocuments() throws {
        let hub = try start()
        try done(hub, "pair", Self.other, "--kind=wechat-sport", "--id=band-2")
        func answer(_ words: String...) throws -> [String: Any] {
            let run = try hub.hubctl(words + ["--json"])
            #expect(run.status == 0, "\(words): \(run.errors)")
            return try run.json()
        }
        #expect(
            try answer("bind", "band-1", "k-9") as NSDictionary
                == ["device": "band-1", "owner": "k-9", "bound": true])
        #expect(
            try answer("unbind", "band-1", "k-9") as NSDictionary
                == ["device": "band-1", "owner": "k-9", "bound": false])
        #expect(
            try answer("device", "band-1", "--retry") as NSDictionary
                == ["device": "band-1", "retried": true])
        #expect(
            try answer("replace", "band-1", "band-2") as NSDictionary
                == ["device": "band-1", "replacedBy": "band-2"])
        #expect(
            try answer("forget", "band-2") as NSDictionary
                == ["device": "band-2", "forgotten": true])
        #expect(hub.end() == 0)
    }

    /// Nobody can be bound to a device that was replaced: its page says where they went.
    @Test func replacedDevice() throws {
        let hub = try start()
        try done(hub, "pair", Self.other, "--kind=wechat-sport", "--id=band-2")
        try done(hub, "replace", "band-1", "band-2")
        let page = try hub.hubctl("device", "band-1").output
        #expect(page.contains("moved to band-2"), "\(page)")
        #expect(!page.contains("hubctl bind"), "\(page)")
        #expect(hub.end() == 0)
    }

    @Test("a device is taken in by command with what the configuration would take")
    func enrolledAsConfigured() throws {
        let hub = try start()
        let address = "--kind=blood-pressure"
        let cases: [([String], String)] = [
            (["pair", Self.other, address, "--device-id=x"], "deviceId"),
            (["pair", Self.other, address, "--device-type=x"], "deviceType"),
            (["pair", Self.other, address, "--key-file=/x"], "keyFile"),
            (["pair", Self.other, "--kind=airsync", "--key-file=keys/x"], "keyFile"),
            (["pair", Self.other, "--kind=airsync", "--qr-ticket=有 空格"], "qrTicket"),
            (["pair", "C0000000000C", "--kind=airsync"], "such as C0:00:00:01:00:01"),
            (["pair", "C0-00-00-00-00-0C", "--kind=airsync"], "such as C0:00:00:01:00:01"),
        ]
        for (words, text) in cases {
            let run = try hub.hubctl(words)
            #expect(run.status == 64 && run.errors.contains(text), "\(words): \(run.errors)")
        }
        #expect(try hub.hubctl("devices", "--json").list().count == 1)
        #expect(hub.end() == 0)
    }

    @Test func codes() throws {
        let hub = try start()
        try done(hub, "pair", Self.other, "--kind=airsync", "--id=band-2")
        #expect(
            try hub.hubctl("device", "band-1", "--qr").output == "http://we.qq.com/d/AQBk1\n")
        #expect(
            try hub.hubctl("device", "band-2", "--qr").output
                == "urn:hubd:test-hub:device:band-2\n")
        #expect(hub.end() == 0)
    }

    @Test("a device without a driver is a problem that names the drivers there are")
    func unknownKind() throws {
        let hub = try TestHub()
        try hub.configure(radios: "[]")
        try hub.configureDevices("[{ id: \"x\", kind: \"toaster\", address: \"\(Self.band)\" }]")
        try hub.startHub()
        let problems = try hub.hubctl("status", "--json").json()["problems"] as? [String]
        #expect(
            problems?.contains { $0.hasPrefix("device x: hubd has no driver \"toaster\"") } == true)
        #expect(hub.end() == 0)
    }
}
