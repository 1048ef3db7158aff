import Foundation
import Testing

/// A hub and a service that gives it its catalog over TLS, in one folder.
final class FleetRig {
    let hub: TestHub
    private let server = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var port = ""

    private static let scripts = TestHub.repository.appending(path: "Tests/Rigs").path

    init(behaviour: String = "good", version: Int = 1) throws {
        hub = try TestHub()
        try Self.run("sh", [Self.scripts + "/certificates.sh", hub.folder.path])
        try makeKey("key")
        try serve(version: version)
        try behave(behaviour)
        server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        server.arguments =
            ["python3", Self.scripts + "/catalog_server.py"]
            + ["valid.pem", "key.pem", "served", "control"].map {
                hub.folder.appending(path: $0).path
            }
        server.standardInput = input
        server.standardOutput = output
        try server.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty, "the server has ended")
            line += String(decoding: data, as: UTF8.self)
        }
        port = String(line.dropFirst(5).prefix { $0.isNumber })
        // What it tells of requests is not looked at here, and must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        try configure()
    }

    deinit {
        output.fileHandleForReading.readabilityHandler = nil
        try? input.fileHandleForWriting.close()
        server.waitUntilExit()
    }

    /// A new Ed25519 key in `<name>.pem`, and its public half in `<name>.pub`.
    func makeKey(_ name: String) throws {
        let key = hub.folder.appending(path: name).path
        try Self.run("openssl", ["genpkey", "-algorithm", "ed25519", "-out", key + ".pem"])
        try Self.run(
            "openssl", ["pkey", "-in", key + ".pem", "-pubout", "-out", key + ".pub"])
    }

    /// Ends the service: nobody listens any more.
    func endService() {
        try? input.fileHandleForWriting.close()
        server.waitUntilExit()
    }

    func behave(_ behaviour: String) throws { try hub.write("control", behaviour) }

    /// What the service gives from now on: so many beacons as the version says.
    func serve(version: Int, hub owner: String? = "test-hub", extra: String = "") throws {
        try serve(Self.catalog(version: version, hub: owner, extra: extra))
    }

    func serve(_ text: String) throws { try hub.write("served", text) }

    static func catalog(version: Int, hub owner: String? = "test-hub", extra: String = "") -> String
    {
        let beacons = (1...version).map {
            "{ id: \"FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/\($0)\", zone: \"door\" }"
        }
        let name = owner.map { "hub: \"\($0)\", " } ?? ""
        return "{ version: \(version), \(name)zones: [{ id: \"door\" }, { id: \"hall\" }], "
            + "beacons: [\(beacons.joined(separator: ", "))]\(extra) }"
    }

    /// A configuration with the service; the radio's zone is one of the catalog.
    func configure(publicKeyFile: String = "./key.pub", zone: String = "door", more: String = "")
        throws
    {
        try hub.write(
            "hubd.json5",
            """
            {
              hub: { id: "test-hub", timezone: "Asia/Shanghai" },
              radios: [{ kind: "bluez", zone: "\(zone)" }],
              store: { path: "hubd.db" },
              sinks: [{ kind: "file", path: "events.jsonl" }],
              catalog: { url: "https://localhost:\(port)/v1/hubs/{hub}/catalog",
                         publicKeyFile: "\(publicKeyFile)", caFile: "ca.pem"\(more) },
            }
            """)
    }

    /// A configuration with the catalog from a broker, a sink's or one of its own.
    func configure(_ broker: CatalogBroker, isSink: Bool) throws {
        let place = "url: \"mqtts://localhost:\(broker.port)\", caFile: \"ca.pem\""
        let sink = ", { kind: \"mqtt\", topic: \"hubs/{hub}/events\", \(place) }"
        let way = isSink ? "sink: \"mqtt\"" : place
        try hub.write(
            "hubd.json5",
            """
            {
              hub: { id: "test-hub", timezone: "Asia/Shanghai" },
              radios: [{ kind: "bluez", zone: "door" }],
              store: { path: "hubd.db" },
              sinks: [{ kind: "file", path: "events.jsonl" }\(isSink ? sink : "")],
              catalog: { mqtt: { \(way), topic: "hubs/{hub}/catalog" }, interval: "10s",
                         publicKeyFile: "./key.pub" },
            }
            """)
    }

    /// What `hubctl catalog` says.
    func described() throws -> [String: Any] { try hub.hubctl("catalog", "--json").json() }

    var version: Int? { try? described()["version"] as? Int }

    /// Waits until a version runs.
    func wait(version: Int) throws {
        try hub.wait("version \(version)") { self.version == version }
    }

    /// Starts the hub and waits until it has asked.
    func startAndAsk() throws {
        try hub.start()
        try hub.wait("the first asking") { (try? described()["asked"]) != nil }
    }

    private static func run(_ program: String, _ words: [String]) throws {
        let outcome = try Tool.run(program, words)
        try #require(outcome.status == 0, "\(program): \(outcome.output)")
    }
}
