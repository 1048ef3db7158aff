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
