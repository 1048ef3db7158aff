import Foundation
import Testing

@Suite("A configuration is in force as a whole or not at all")
struct ConfigurationUseTests {
    @Test func checkNamesEveryProblem() throws {
        let hub = try TestHub()
        try hub.configure(
            radios: "[{ kind: \"capture\", path: \"x\", sped: 2 }]", catalog: "catalog.json5")
        try hub.write(
            "catalog.json5",
            """
            {
              zones: [{ id: "a", parent: "b" }],
              beacons: [{ id: "nonsense", zone: "a" }],
            }
            """)
        let broken = try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5", "--check"], in: hub.folder)
        #expect(broken.status == 78)
        #expect(broken.output.contains("hubd.json5:3:"))
        #expect(broken.output.contains("speed"))

        try hub.configure(catalog: "catalog.json5")
        let catalog = try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5", "--check"], in: hub.folder)
        #expect(catalog.status == 78)
        #expect(catalog.output.contains("catalog.json5:2:"))
        #expect(catalog.output.contains("catalog.json5:3:"))

        try hub.configure()
        let good = try TestHub.run(
            "hubd", ["--config", "\(hub.folder.path)/hubd.json5", "--check"], in: hub.folder)
        #expect(good.status == 0)
        #expect(good.output.contains("no problems; 27 zones, 30 beacons, 14 campaigns"))
    }

    @Test func checkNamesFilesThatAreNotThere() throws {
        let hub = try TestHub()
        try hub.configure(
            radios: "[{ kind: \"capture\", path: \"gone.btsnoop\" }]",
            sinks: "[{ kind: \"http\", url: \"https://sync.example/\", secretFile: \"./gone\" }]")
        let words = ["--config", "\(hub.folder.path)/hubd.json5", "--check"]
        let broken = try TestHub.run("hubd", words, in: hub.folder)
        #expect(broken.status == 78)
        #expect(broken.output.contains("radios[0].path"))
        #expect(broken.output.contains("sinks[0].secretFile"))
    }

    @Test(arguments: [
        (["--nonsense"], 64), (["--config"], 64), (["--config", "/nowhere/hubd.json5"], 78),
        (["--check", "--config", "/nowhere/hubd.json5"], 78), (["--version"], 0), (["--help"], 0),
    ])
    func commandLine(words: [String], status: Int) throws {
        let hub = try TestHub()
        #expect(try TestHub.run("hubd", words, in: hub.folder).status == Int32(status))
    }

    @Test func reloadTakesAllOrNothing() throws {
        let hub = try TestHub()
        let sample = try String(
            contentsOf: TestHub.mall.appending(path: "catalog.json5"), encoding: .utf8)
        try hub.write("catalog.json5", sample)
        try hub.configure(catalog: "catalog.json5")
        try hub.startAndPlay()
        func campaigns() throws -> Int { try hub.hubctl("campaigns", "--json").list().count }
        #expect(try campaigns() == 14)

        try hub.write("catalog.json5", sample + "x")
        hub.signal(SIGHUP)
        try hub.wait("the refusal") { hub.read("journal").contains("nothing was changed") }
        #expect(hub.read("journal").contains("catalog.json5:"))
        #expect(try campaigns() == 14)

        let more = sample.replacingOccurrences(
            of: "campaigns: [",
            with: """
                campaigns: [
                  { id: "new-one", merchant: "tea", kind: "coupon", page: { title: "新" },
                    where: { zones: ["mall"] }, state: "running" },
                """)
        try hub.write("catalog.json5", more)
        hub.signal(SIGHUP)
        try hub.wait("the reload") { hub.read("journal").contains("configuration reloaded") }
        #expect(try campaigns() == 15)
        // Nobody left or entered because of it.
        let types = try hub.delivered().compactMap { $0["type"] as? String }
        #expect(types.count { $0 == "org.hubd.beacon.entered.v1" } == 29)
    }

    @Test func importIsAllOrNothingAndStays() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        func count(_ what: String) throws -> Int {
            try hub.hubctl("export", what).output.split(separator: "\r\n").count - 1
        }
        try hub.write(
            "bad.csv", "id,zone\r\nFDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/70000,f1\r\nx,f1\r\n")
        let bad = try hub.hubctl("import", "bad.csv")
        #expect(bad.status == 65)
        #expect(bad.errors.contains("bad.csv:2") && bad.errors.contains("bad.csv:3"))
        #expect(bad.errors.contains("nothing was imported"))
        #expect(try count("beacons") == 30)

        let beacons = TestHub.mall.appending(path: "beacons.csv").path
        #expect(try hub.hubctl("import", beacons).status == 65, "its zones are not there yet")
        #expect(
            try hub.hubctl("import", TestHub.mall.appending(path: "zones.csv").path).status == 0)
        #expect(try hub.hubctl("import", beacons, "--dry-run").status == 0)
        #expect(try count("beacons") == 30)
        #expect(try hub.hubctl("import", beacons).status == 0)
        #expect(try count("beacons") == 40)
        #expect(try hub.hubctl("import", "/nowhere.csv").status == 66)
        try hub.write("large.csv", String(repeating: " ", count: 4 << 20) + "\n")
        let large = try hub.hubctl("import", "large.csv")
        #expect(large.status == 66)
        #expect(large.errors.contains("at most 4 MiB"), "\(large.errors)")

        _ = hub.end(SIGKILL)
        try hub.startAndPlay()
        #expect(try count("beacons") == 40)
        #expect(try count("zones") == 32)
    }
}
