import Foundation
import Testing

/// The real hubd on a bus of its own, in a folder of its own; all of it ends with the value.
///
/// The programs are those built beside the tests; the bus is Debian's dbus-daemon.
final class TestHub {
    struct Run {
        let output: String
        let errors: String
        let status: Int32

        /// The output as JSON.
        func json() throws -> [String: Any] {
            try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }

        func list() throws -> [[String: Any]] {
            try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
        }
    }

    struct TooLate: Error, CustomStringConvertible {
        let description: String
    }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let mall = repository.appending(path: "Samples/mall")
    private static let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()

    /// The path of a program that is built beside the tests.
    static func program(_ name: String) -> String { programs.appending(path: name).path }

    let folder: URL
    private var bus: Process?
    private var hub: Process?
    /// What hubd finds in its environment beside the test's own.
    var environment: [String: String] = [:]
    /// Where bluetoothd is, when not on the hub's own bus.
    var bluezAddress: String?

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "hubd-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        for process in [hub, bus].compactMap(\.self) where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Files

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func read(_ name: String) -> String {
        (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
    }

    /// The events in the file sink, in the order of its lines.
    func delivered(_ name: String = "events.jsonl") throws -> [[String: Any]] {
        try read(name).split(separator: "\n").map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// A configuration of the sample mall; `radios` and `sinks` replace the usual ones.
    func configure(
        radios: String =
            "[{ kind: \"capture\", path: \"\(mall.path)/mall.btsnoop\", speed: \"max\" }]",
        catalog: String = "\(mall.path)/catalog.json5",
        sinks: String = "[{ kind: \"file\", path: \"events.jsonl\" }]"
    ) throws {
        try write(
            "hubd.json5",
            """
            {
              hub: { id: "test-hub", timezone: "Asia/Shanghai" },
              radios: \(radios),
              catalog: "\(catalog)",
              store: { path: "hubd.db" },
              sinks: \(sinks),
            }
            """)
    }

    /// Adds devices to the configuration, as a drop-in does.
    func configureDevices(_ devices: String) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: "hubd.json5.d"), withIntermediateDirectories: true)
        try write("hubd.json5.d/devices.json5", "{ devices: \(devices) }")
    }

    // MARK: Processes

    var busAddress: String { "unix:path=\(folder.path)/bus" }

    func startBus() throws {
        try write(
            "bus.conf",
            """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>\(busAddress)</listen>
            <auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
            <allow own="*"/><allow user="*"/></policy></busconfig>
            """)
        try? FileManager.default.removeItem(at: folder.appending(path: "bus"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "dbus-daemon", "--config-file=\(folder.path)/bus.conf", "--nofork", "--nopidfile",
        ]
        try process.run()
        bus = process
        try wait("dbus-daemon") {
            FileManager.default.fileExists(atPath: folder.appending(path: "bus").path)
        }
    }

    private var hasBusConfiguration: Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "bus.conf").path)
    }

    func stopBus() {
        // Not SIGTERM: children of a test's thread inherit a mask that blocks it.
        if let bus { kill(bus.processIdentifier, SIGKILL) }
        bus?.waitUntilExit()
        bus = nil
        try? FileManager.default.removeItem(at: folder.appending(path: "bus"))
    }

    /// Starts hubd; its journal goes to the file `journal`.
    func start() throws {
        try start(
            Self.programs.appending(path: "hubd").path,
            ["--config", "\(folder.path)/hubd.json5", "--bus", busAddress])
    }

    /// Starts hubd as another user, on the test's bus as if it were the system's.
    ///
    /// The user may read what only root may (CAP_DAC_READ_SEARCH): the programs and Swift's
    /// libraries may lie in root's home.
    func startOnSystemBus(as user: String?) throws {
        let program = [
            Self.programs.appending(path: "hubd").path, "--config",
            "\(folder.path)/hubd.json5", "--bus", "system",
        ]
        let become = user.map {
            [
                "setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups",
                "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
            ]
        }
        try start(
            "/usr/bin/env",
            ["DBUS_SYSTEM_BUS_ADDRESS=\(busAddress)"] + (become ?? []) + program)
    }

    private func start(_ program: String, _ words: [String]) throws {
        if bus == nil, !hasBusConfiguration { try startBus() }
        _ = FileManager.default.createFile(
            atPath: folder.appending(path: "journal").path, contents: nil)
        let journal = try FileHandle(forWritingTo: folder.appending(path: "journal"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        // No test may meet the machine's own bluetoothd.
        process.arguments = words + ["--bluez-bus", bluezAddress ?? busAddress]
        process.standardError = journal
        if !environment.isEmpty {
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        }
        try process.run()
        hub = process
    }

    /// Starts hubd and waits until it has played its captures.
    func startAndPlay() throws {
        try start()
        try wait("the capture's end") {
            let radios = try? hubctl("status", "--json").json()["radios"] as? [[String: Any]]
            return radios?.allSatisfy { $0["state"] as? String == "ended" } ?? false
        }
    }

    /// Starts hubd and waits until it answers.
    func startHub() throws {
        try start()
        try wait("hubd") { try hubctl("status").status <= 2 }
    }

    func signal(_ signal: Int32) {
        if let hub { kill(hub.processIdentifier, signal) }
    }

    var isRunning: Bool { hub?.isRunning ?? false }

    /// Ends hubd with a signal and waits for it.
    func end(_ number: Int32 = SIGTERM) -> Int32 {
        signal(number)
        hub?.waitUntilExit()
        return hub?.terminationStatus ?? -1
    }

    func hubctl(_ words: String...) throws -> Run { try hubctl(words) }

    func hubctl(_ words: [String]) throws -> Run {
        try Self.run("hubctl", words + ["--bus=\(busAddress)"], in: folder)
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ words: [String], in folder: URL) throws -> Run {
        let process = Process()
        process.executableURL = programs.appending(path: program)
        process.arguments = words
        process.currentDirectoryURL = folder
        // Files, not pipes: nothing can fill up and block.
        let files = ["out", "err"].map { folder.appending(path: "\(UUID().uuidString).\($0)") }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        for file in files { try? FileManager.default.removeItem(at: file) }
        return Run(output: texts[0], errors: texts[1], status: process.terminationStatus)
    }

    /// Waits for a condition; a minute is far beyond what anything here takes on a busy machine.
    func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while try !condition() {
            guard Date() < deadline else {
                throw TooLate(
                    description: "waited in vain for \(what); journal:\n\(read("journal"))")
            }
            usleep(20_000)
        }
    }
}
