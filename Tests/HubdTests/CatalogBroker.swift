import Foundation
import TestSupport
import Testing

/// A mosquitto with TLS in the folder of a fleet, and what is published there.
final class CatalogBroker {
    private let hub: TestHub
    private let broker: Mosquitto

    private static let scripts = TestHub.repository.appending(path: "Tests/Rigs").path

    init(_ rig: FleetRig) throws {
        hub = rig.hub
        func path(_ name: String) -> String { rig.hub.folder.appending(path: name).path }
        broker = try Mosquitto(
            in: hub.folder,
            [
                "allow_anonymous true", "certfile \(path("valid.crt"))",
                "keyfile \(path("valid.key"))",
            ])
    }

    var port: Int { broker.port }
    func start() throws { try broker.start() }
    func kill() { broker.kill() }

    /// Retains a text, signed by the rig's key as `mqtt_publish.py` says.
    func publish(_ text: String, _ how: String = "property", hub name: String = "test-hub") throws {
        try hub.write("document", text)
        func path(_ name: String) -> String { hub.folder.appending(path: name).path }
        let outcome = try Tool.run(
            "env",
            [
                "WATCH_CA=\(path("ca.pem"))", "python3", Self.scripts + "/mqtt_publish.py",
                "\(port)", "hubs/\(name)/catalog", path("document"), how, path("key.pem"),
            ])
        try #require(outcome.status == 0, "\(outcome.output)")
    }
}
