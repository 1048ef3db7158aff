import Foundation
import Testing

/// A process of `sync_server.py`.
final class SyncServer {
    /// What the server says of a request.
    struct Request: Decodable {
        var behaviour: String
        var status: Int?
        var signature: String?
        var sequences: [Int]?
        var ids: [String]?
        var webhook: String?
        var timestamp: Int?
        var type: String?
        var encoding: String?
        var bytes: Int?
        var post: Bool?
        /// How many signatures there were, and the port at the other end of the connection.
        var signatures: Int?
        var client: Int?
        /// Seconds on a clock of its own.
        var at: Double?
    }

    /// The key of all tests: `whsec_` goes before it in the file.
    static let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private(set) var port = ""
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer: [UInt8] = []

    init(
        _ behaviours: [String], certificate: String = "-", signed: Bool = true,
        clients: String? = nil
    ) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "python3", Rig.scripts + "/sync_server.py", signed ? Self.secret : "-",
                certificate + (clients.map { "," + $0 } ?? ""),
            ] + behaviours
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard let line = line(), line.hasPrefix("port ") else {
            throw CocoaError(.fileReadUnknown)
        }
        port = String(line.dropFirst(5))
    }

    deinit {
        process.terminate()
    }

    /// The next request that is asked for, skipping others.
    func next(where isWanted: (Request) -> Bool = { _ in true }) throws -> Request {
        while true {
            let text = try #require(line(), "the server has nothing to say")
            let request = try JSONDecoder().decode(Request.self, from: Data(text.utf8))
            if isWanted(request) { return request }
        }
    }

    /// Requests until all these sequences were answered with 200.
    func accepted(_ sequences: Set<Int>) throws -> [Request] {
        var missing = sequences
        var requests: [Request] = []
        while !missing.isEmpty {
            let request = try next()
            requests.append(request)
            if request.status == 200 { missing.subtract(request.sequences ?? []) }
        }
        return requests
    }

    /// Ends the server; what it has said that nobody asked for.
    func rest() throws -> [Request] {
        try input.fileHandleForWriting.close()
        var requests: [Request] = []
        while let text = line() {
            requests.append(try JSONDecoder().decode(Request.self, from: Data(text.utf8)))
        }
        return requests
    }

    /// A line, within 30 seconds.
    private func line() -> String? {
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
}
