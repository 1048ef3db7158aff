import Foundation
import TestSupport
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

extension Mosquitto {
    /// Starts one in a test's folder.
    convenience init(_ scratch: Scratch, _ lines: [String] = ["allow_anonymous true"]) throws {
        try self.init(in: URL(filePath: scratch.path), lines)
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
