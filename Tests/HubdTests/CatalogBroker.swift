import Foundation
import Synchronization
import Testing

/// A mosquitto with TLS in the folder of a fleet, and what is published there.
final class CatalogBroker {
    let port: Int
    private let hub: TestHub
    private var process: Process?

    private static let taken = Mutex(0)
    private static let scripts = TestHub.repository.appending(path: "Tests/Rigs").path

    init(_ rig: FleetRig) throws {
        hub = rig.hub
        // Below those that the kernel gives away by itself, another with each call.
        let number = Self.taken.withLock {
            $0 += 1
            return $0
        }
        port = 10_000 + (Int(getpid()) * 64 + number) % 22_000
        func path(_ name: String) -> String { rig.hub.folder.appending(path: name).path }
        // As root it would become another user, who may not read the folder.
        try hub.write(
            "mosquitto.conf",
            """
            listener \(port) 127.0.0.1
            user \(NSUserName())
            allow_anonymous true
            certfile \(path("valid.crt"))
            keyfile \(path("valid.key"))

            """)
        try start()
    }

    deinit { kill() }

    func start() throws {
        let process = Process()
        // A child of a thread of Swift's pool begins with all signals blocked, also SIGTERM.
        let script =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.execv('/usr/sbin/mosquitto', ['mosquitto', '-c', sys.argv[1]])"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", script, hub.folder.appending(path: "mosquitto.conf").path,
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        let look =
            "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
        try hub.wait("mosquitto") {
            try Tool.run("python3", ["-c", look, "\(port)"]).status == 0
        }
    }

    /// kill -9.
    func kill() {
        guard let process, process.isRunning else { return }
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

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
