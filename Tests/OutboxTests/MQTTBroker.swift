import Foundation
import Synchronization
import Testing

/// A process of Tests/Rigs that says lines, and ends with its standard input.
final class RigProcess {
    let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer: [UInt8] = []

    init(
        _ script: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws {
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Rig.scripts + "/" + script] + arguments
        process.standardInput = input
        process.standardOutput = output
        // F_SETPIPE_SZ: the process must not wait until somebody reads what it says.
        _ = fcntl(output.fileHandleForReading.fileDescriptor, 1_031, 1 << 20)
        try process.run()
    }

    deinit { process.terminate() }

    /// A line, within 30 seconds.
    func line() -> String? {
        let descriptor = output.fileHandleForReading.fileDescriptor
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&state, 1, 30_000) > 0 else { return nil }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { return nil }
            buffer += data
        }
    }

    /// What is said until the process has ended.
    func rest() throws -> [String] {
        try input.fileHandleForWriting.close()
        var lines: [String] = []
        while let line = line() { lines.append(line) }
        return lines
    }
}

/// A message as a broker or a subscriber saw it.
struct SeenMessage: Decodable {
    var topic: String
    var qos: Int
    var retained: Bool
    var duplicate: Bool
    var properties: [String: Value]
    var payload: String

    /// A text or a number.
    enum Value: Decodable, Equatable {
        case text(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    /// The event in it.
    var event: SeenEvent? { try? JSONDecoder().decode(SeenEvent.self, from: Data(payload.utf8)) }
    /// The state in it.
    var state: [String: String]? {
        try? JSONDecoder().decode([String: String].self, from: Data(payload.utf8))
    }
}

/// The parts of a CloudEvent that tests look at.
struct SeenEvent: Decodable {
    struct Content: Decodable { var n: Int }

    var id: String
    var sequence: Int
    var type: String
    var data: Content
}

/// A process of `mqtt_broker.py`.
final class FaultBroker {
    /// What the broker says.
    struct Line: Decodable {
        struct Connect: Decodable {
            struct Will: Decodable {
                var topic: String
                var payload: String
                var retained: Bool
            }

            var version: Int
            var clean: Bool
            var keepAlive: Int
            var client: String
            var username: String?
            var password: String?
            var will: Will?
            var properties: [String: SeenMessage.Value]
        }

        var behaviour: String?
        var connect: Connect?
        var publish: SeenMessage?
        var waiting: Int?
        var broken: Int?
        var bye: Bool?
        var ping: Bool?
        var subscribe: String?
        var taken: Bool?
        var ended: Bool?
        var error: String?
    }

    private let process: RigProcess
    let port: String

    init(_ behaviours: [String], certificate: String = "-") throws {
        process = try RigProcess("mqtt_broker.py", [certificate] + behaviours)
        let line = try #require(process.line())
        port = String(line.dropFirst(5))
    }

    /// The next line that is asked for, skipping others.
    func next(where isWanted: (Line) -> Bool = { _ in true }) throws -> Line {
        while true {
            let text = try #require(process.line(), "the broker has nothing to say")
            let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
            if isWanted(line) { return line }
        }
    }

    /// The next event.
    func event() throws -> SeenMessage {
        try #require(try next { $0.publish.map { $0.qos > 0 } ?? false }.publish)
    }

    /// Ends the broker; what it has said that nobody asked for.
    func rest() throws -> [Line] {
        try process.rest().map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }
}

/// A process of mosquitto, with a configuration of its own.
final class Mosquitto {
    let port: Int
    private let scratch: Scratch
    private var process: Process?

    /// Starts one, with lines of mosquitto.conf(5) beside those of the listener.
    init(_ scratch: Scratch, _ lines: [String] = ["allow_anonymous true"]) throws {
        self.scratch = scratch
        port = Self.freePort()
        // As root it would become another user, who may not read the folder.
        let text =
            ["listener \(port) 127.0.0.1", "user \(NSUserName())", "connection_messages false"]
            + lines
        try scratch.write(Array((text.joined(separator: "\n") + "\n").utf8), to: "mosquitto.conf")
        try start()
    }

    deinit { kill() }

    /// Starts it again, and waits until it listens.
    func start() throws {
        let process = Process()
        // A child of a thread of Swift's pool begins with all signals blocked, also SIGTERM.
        let script =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.execv('/usr/sbin/mosquitto', ['mosquitto', '-c', sys.argv[1]])"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, scratch.file("mosquitto.conf")]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        while process.isRunning, !Self.answers(port) { usleep(2_000) }
        try #require(process.isRunning, "mosquitto did not start")
    }

    /// kill -9.
    func kill() {
        guard let process, process.isRunning else { return }
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends it as an operator does.
    func stop() {
        guard let process else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// A port below those that the kernel gives away by itself, another with each call.
    private static func freePort() -> Int {
        let number = taken.withLock {
            $0 += 1
            return $0
        }
        return 10_000 + (Int(getpid()) * 64 + number) % 22_000
    }

    private static let taken = Mutex(0)

    private static func answers(_ port: Int) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = loopback(port)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe connect(number, raw, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// A process of `mqtt_watch.py`.
final class Subscriber {
    private let process: RigProcess

    /// Subscribes; `environment` says what the broker asks for.
    init(
        _ port: Int, _ filters: [String], client: String = "watch",
        environment: [String: String] = [:]
    ) throws {
        process = try RigProcess(
            "mqtt_watch.py", ["\(port)", client] + filters, environment: environment)
        try #require(process.line() == "ready")
    }

    /// Subscribes and goes away; the broker keeps the session for an hour.
    static func leaveSession(
        _ port: Int, _ filter: String = "#", client: String = "away",
        environment: [String: String] = [:]
    ) throws {
        _ = try Subscriber(port, [filter], client: client, environment: environment).rest()
    }

    /// The next message that is asked for, skipping others.
    func next(where isWanted: (SeenMessage) -> Bool = { _ in true }) throws -> SeenMessage {
        while true {
            let text = try #require(process.line(), "nothing comes")
            let message = try JSONDecoder().decode(SeenMessage.self, from: Data(text.utf8))
            if isWanted(message) { return message }
        }
    }

    /// Ends it; what has come that nobody asked for.
    func rest() throws -> [SeenMessage] {
        try process.rest().map { try JSONDecoder().decode(SeenMessage.self, from: Data($0.utf8)) }
    }
}
