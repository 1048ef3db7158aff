import Campaigns
import Configuration
import Testing

@Suite("A catalog may be pulled from a service")
struct CatalogServiceTests {
    @Test func everything() throws {
        let settings = try settings(
            """
            { catalog: { path: "/c.json5", url: "https://sync.example/v1/hubs/{hub}/catalog?h={hub}",
                publicKeyFile: "/keys.pub", secretFile: "sync", caFile: "/ca.pem",
                certFile: "/me.pem", keyFile: "me", interval: "90s" } }
            """)
        #expect(settings.catalog == "/c.json5")
        let service = try #require(settings.catalogService)
        #expect(
            service
                == CatalogService(
                    url: "https://sync.example/v1/hubs/{hub}/catalog?h={hub}",
                    publicKeyFile: "/keys.pub", secretFile: "sync", caFile: "/ca.pem",
                    certFile: "/me.pem", keyFile: "me", interval: .seconds(90)))
        #expect(
            service.address(hub: "store-42")
                == "https://sync.example/v1/hubs/store-42/catalog?h=store-42")
        #expect(service.address(hub: "a b/ä").contains("/a%20b%2F%C3%A4/"))
        #expect(settings.catalogsPath == "/var/lib/hubd/catalogs")
    }

    @Test func theLeast() throws {
        let settings = try settings(
            "{ catalog: { url: \"http://127.0.0.1:8480/c\", publicKeyFile: \"./k\" } }")
        #expect(settings.catalog == nil)
        #expect(settings.catalogService?.interval == .seconds(300))
    }

    @Test(arguments: [
        ("{ path: \"/c\" }", "catalog.url: missing"),
        ("{ url: \"https://a.example/\" }", "catalog.publicKeyFile: missing"),
        ("{ url: \"http://a.example/\", publicKeyFile: \"/k\" }", "expected https:; http:"),
        ("{ url: \"https://{hub}.example/\", publicKeyFile: \"/k\" }", "expected a URL"),
        ("{ url: \"https://a.example/{zone}\", publicKeyFile: \"/k\" }", "expected a URL"),
        ("{ url: \"https://u:p@a.example/\", publicKeyFile: \"/k\" }", "secrets belong into files"),
        (
            "{ url: \"https://a.example/\", publicKeyFile: \"/k\", interval: \"5s\" }",
            "expected a time from 10s"
        ),
        (
            "{ url: \"https://a.example/\", publicKeyFile: \"/k\", certFile: \"/c\" }",
            "catalog.keyFile: missing"
        ),
        (
            "{ url: \"https://a.example/\", publicKeyFil: \"/k\" }",
            "did you mean \"publicKeyFile\"?"
        ),
        ("5", "expected a path, or an object"),
    ])
    func mistakes(value: String, expected: String) {
        let problems = settingsProblems("{ catalog: \(value) }")
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    private static let sinks = """
        sinks: [ { kind: "file", path: "/e" },
                 { kind: "mqtt", name: "cloud", url: "mqtts://b.example", topic: "hubs/{hub}/events",
                   username: "hub", passwordFile: "pw", caFile: "/ca.pem", clientId: "me" },
                 { kind: "mqtt", url: "mqtts://c.example", topic: "x" },
                 { kind: "mqtt", name: "late", url: "mqtts://d.example", topic: "x" },
                 { kind: "mqtt", url: "mqtts://d.example", topic: "y", clientId: "hubd-z-catalog" }
               ]
        """

    /// From the broker of a sink: its address and its secrets, with a connection of its own.
    @Test func theBrokerOfASink() throws {
        let settings = try settings(
            """
            { hub: { id: "store-42" }, \(Self.sinks),
              catalog: { mqtt: { sink: "cloud", topic: "hubs/{hub}/catalog" }, publicKeyFile: "/k",
                path: "/c.json5", interval: "30s" } }
            """)
        let service = try #require(settings.catalogService)
        #expect(
            service
                == CatalogService(
                    broker: Sink.MQTT(
                        url: "mqtts://b.example", topic: "hubs/{hub}/catalog",
                        clientID: "me-catalog", username: "hub", passwordFile: "pw",
                        caFile: "/ca.pem"),
                    publicKeyFile: "/k", interval: .seconds(30)))
        #expect(service.address(hub: "store-42") == "mqtts://b.example hubs/store-42/catalog")
        #expect(settings.catalog == "/c.json5")
        // Named once, with the sink.
        #expect(
            settings.missingFiles("h").map(\.keyPath)
                == ["sinks[1].passwordFile", "sinks[1].caFile", "catalog.publicKeyFile"])
    }

    @Test func aBrokerOfItsOwn() throws {
        let settings = try settings(
            """
            { catalog: { mqtt: { url: "mqtts://d.example:8884", topic: "c/{hub}", caFile: "/ca.pem",
                username: "u", passwordFile: "/nowhere/pw" }, publicKeyFile: "/k" } }
            """)
        #expect(
            settings.catalogService
                == CatalogService(
                    broker: Sink.MQTT(
                        url: "mqtts://d.example:8884", topic: "c/{hub}", stateTopic: nil,
                        username: "u", passwordFile: "/nowhere/pw", caFile: "/ca.pem"),
                    publicKeyFile: "/k"))
        #expect(
            settings.missingFiles("h").map(\.keyPath).contains("catalog.mqtt.passwordFile"))
    }

    @Test(arguments: [
        ("{ mqtt: { sink: \"cloud\" }, publicKeyFile: \"/k\" }", "catalog.mqtt.topic: missing"),
        ("{ mqtt: { topic: \"t\" }, publicKeyFile: \"/k\" }", "catalog.mqtt.sink: missing"),
        (
            "{ mqtt: { sink: \"file\", topic: \"t\" }, publicKeyFile: \"/k\" }",
            "catalog.mqtt.sink: \"file\", expected the name of a sink of kind \"mqtt\""
        ),
        ("{ mqtt: { sink: \"cloud\", topic: \"t/#\" }, publicKeyFile: \"/k\" }", "without + and #"),
        ("{ mqtt: { sink: \"cloud\", topic: \"{type}\" }, publicKeyFile: \"/k\" }", "only {hub}"),
        (
            "{ mqtt: { sink: \"cloud\", topic: \"t\", caFile: \"/c\" }, publicKeyFile: \"/k\" }",
            "no \"caFile\" beside \"sink\""
        ),
        (
            "{ mqtt: { sink: \"cloud\", topic: \"t\" }, url: \"https://a.example/\","
                + " publicKeyFile: \"/k\" }",
            "no \"url\" beside \"mqtt\""
        ),
        ("{ mqtt: { sink: \"cloud\", topic: \"t\" } }", "catalog.publicKeyFile: missing"),
        (
            "{ mqtt: { url: \"mqtts://B.example/\", topic: \"t\", clientId: \"me\" },"
                + " publicKeyFile: \"/k\" }",
            "catalog.mqtt.clientId: \"me\" is that of a sink at the same broker"
        ),
        (
            "{ mqtt: { url: \"mqtts://c.example\", topic: \"t\", clientId: \"hubd-z\" },"
                + " publicKeyFile: \"/k\" }",
            "catalog.mqtt.clientId: \"hubd-z\" is that of a sink"
        ),
        (
            "{ mqtt: { sink: \"cloud\", topic: \"$share/a/t\" }, publicKeyFile: \"/k\" }",
            "catalog.mqtt.topic: \"$share/a/t\", expected a topic"
        ),
        (
            "{ mqtt: { sink: \"cloud\", topic: \"hubs/z/state\" }, publicKeyFile: \"/k\" }",
            "catalog.mqtt.topic: \"hubs/z/state\", where a sink publishes"
        ),
        (
            "{ mqtt: { sink: \"late\", topic: \"t\" }, publicKeyFile: \"/k\" }",
            "catalog.mqtt.sink: \"hubd-z-catalog\" is that of a sink at the same broker"
        ),
        (
            "{ mqtt: { url: \"mqtts://d.example\", topic: \"t\" }, publicKeyFile: \"/k\" }",
            "catalog.mqtt.clientId: \"hubd-z-catalog\" is that of a sink"
        ),
        (
            "{ mqtt: { url: \"mqtt://c.example\", topic: \"t\" }, publicKeyFile: \"/k\" }",
            "expected mqtts:; mqtt:"
        ),
    ])
    func mistakesWithBrokers(value: String, expected: String) {
        let problems = settingsProblems(
            "{ hub: { id: \"z\" }, \(Self.sinks), catalog: \(value) }")
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    @Test func aDropInNamesTheService() throws {
        let main = SourceFile(name: "/etc/h.json5", text: "{ catalog: \"c.json5\" }")
        let service = SourceFile(
            name: "/etc/h.json5.d/a.json5",
            text: "{ catalog: { url: \"https://a.example/\", publicKeyFile: \"/k\" } }")
        let settings = try Settings(main, dropIns: [service])
        #expect(settings.catalog == nil && settings.catalogService != nil)
    }

    @Test func aCatalogSaysWhichOneItIs() throws {
        var draft = CatalogDraft()
        draft.addCatalog(
            SourceFile(name: "c", text: "{ version: 9007199254740991, hub: \"store-42\" }"))
        #expect(draft.version == 9_007_199_254_740_991 && draft.hub == "store-42")
        #expect(try draft.finish().version == 9_007_199_254_740_991)
        for wrong in ["0", "-1", "1.5", "9007199254740992", "\"1\""] {
            #expect(
                catalogProblems("{ version: \(wrong) }").first?.contains("version: ") == true)
        }
        #expect(catalogProblems("{ hub: \"\" }").first?.contains("hub: ") == true)
    }

    @Test func filesThatAreMissing() throws {
        let settings = try settings(
            """
            { catalog: { url: "https://a.example/", publicKeyFile: "/nowhere/k",
                caFile: "/nowhere/ca" } }
            """)
        #expect(
            settings.missingFiles("h").map(\.keyPath)
                == ["catalog.publicKeyFile", "catalog.caFile"])
    }
}
