import DBus
import EventLoop
import Glibc
import JSON

/// `hubctl events`: what was kept, and with --follow what is being kept.
enum EventsVerb: Verb {
    static let name = "events"
    static let summary = "events as they are kept"
    static let options: [Arguments.Option] = [
        .init("--follow", "go on with new events until interrupted"),
        .init("--since", "TIME", "2026-11-22T14:00:00+08:00, or an age: 90s, 15min, 2h, 3d"),
        .init("--type", "TYPE", "only this type: beacon.entered, or org.hubd.beacon.entered.v1"),
        .init("--limit", "N", "at most so many kept events, the newest; 100 unless said"),
    ]
    static let details = [
        "With --json each line is one CloudEvent, just as it goes to the sinks."
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let since = try arguments.value("--since").map { (text) throws(Failure) in
            try EventTimeText.unixNanoseconds(text)
        }
        let limit = try arguments.number("--limit", minimum: 1) ?? (since == nil ? 100 : .max)
        let type = arguments.value("--type").map(fullType)
        let client = try await HubClient(arguments)
        let printer = EventPrinter(output, type: type)
        if arguments.has("--follow") {
            // Subscribed before the first question, so that nothing falls between.
            try await client.subscribe("EventKept", of: "Hub1") { printer.take($0) }
        }
        var kept: [JSONLine] = []
        var after = since == nil && type == nil ? try await start(limit, client) : 0
        while true {
            var filter: [(String, BusValue)] = [
                ("after", .int64(after)), ("limit", .uint32(1_000)),
            ]
            if let since { filter.append(("since", .int64(since))) }
            if let type { filter.append(("type", .string(type))) }
            let page = try await client.call("Events", of: "Hub1", [.options(filter)])
            guard page.count == 3 else {
                throw Failure(.software, "hubd's answer has another form")
            }
            kept += (page[0].elements ?? []).compactMap { $0.string.flatMap(JSONLine.init) }
            if kept.count > limit { kept.removeFirst(kept.count - limit) }
            after = page[1].integer ?? after
            if page[2].bool != true { break }
        }
        try printer.print(kept)
        guard arguments.has("--follow") else {
            if kept.isEmpty, !output.wantsJSON { Output.complain(["no such events are kept"]) }
            return .ok
        }
        printer.begin()
        try await client.daemonIsGone()
        throw Failure(.notRunning, "hubd has left the bus")
    }

    /// Behind which number the newest `limit` events stand, so that not all are read for them.
    @Hub private static func start(
        _ limit: Int, _ client: HubClient
    ) async throws(Failure) -> Int64 {
        let outbox = try await client.document("Outbox", of: "Hub1")
        let last = outbox["lastSequence"]?.number?.integer(as: Int64.self) ?? 0
        return max(0, last - Int64(clamping: limit))
    }

    /// `beacon.entered` stands for `org.hubd.beacon.entered.v1`.
    private static func fullType(_ text: String) -> String {
        text.hasPrefix("org.") ? text : "org.hubd.\(text).v1"
    }
}

/// One CloudEvent: its text, and what is needed of it for a line on a terminal.
struct JSONLine {
    let text: String
    let document: JSONValue
    let sequence: Int64

    init?(_ text: String) {
        guard let document = try? JSONValue(json: Array(text.utf8)),
            let sequence = document["sequence"]?.number?.integer(as: Int64.self)
        else { return nil }
        self.text = text
        self.document = document
        self.sequence = sequence
    }
}

/// Prints events in order, each once, also when the kept and the new ones overlap.
@Hub
final class EventPrinter {
    private let output: Output
    private let type: String?
    private var last: Int64 = 0
    private var early: [JSONLine]? = []

    init(_ output: Output, type: String?) {
        self.output = output
        self.type = type
    }

    /// Takes an EventKept signal; before `begin` it waits.
    func take(_ arguments: [BusValue]) {
        guard arguments.count == 2, let line = arguments[1].string.flatMap(JSONLine.init),
            type == nil || line.document["type"]?.string == type
        else { return }
        if early != nil {
            early?.append(line)
        } else {
            deliver([line])
        }
    }

    /// From here on new events are printed as they come.
    func begin() {
        let lines = early ?? []
        early = nil
        deliver(lines)
    }

    func print(_ lines: [JSONLine]) throws(Failure) {
        let new = lines.filter { $0.sequence > last }
        last = max(last, new.last?.sequence ?? last)
        try output.print(new.map { output.wantsJSON ? $0.text : Self.line($0, output.terminal) })
    }

    private func deliver(_ lines: [JSONLine]) {
        do throws(Failure) {
            try print(lines)
        } catch {
            Output.complain(error.lines)
            exit(error.code.rawValue)
        }
    }

    /// `14:00:05  #38  beacon.entered  <subject>  label, zone …`
    private static func line(_ line: JSONLine, _ terminal: Terminal) -> String {
        let event = line.document
        let clock = Show.text(event["time"]).split(separator: "T").last.map { String($0.prefix(8)) }
        var type = Show.text(event["type"])
        if type.hasPrefix("org.hubd.") { type = String(type.dropFirst(9)) }
        if type.hasSuffix(".v1") { type = String(type.dropLast(3)) }
        let details = (event["data"]?.members ?? [])
            .filter { $0.value != event["subject"] && $0.value.elements == nil }
            .map { "\($0.key)=\(Show.text($0.value))" }
        let words = [
            clock ?? "", "#\(line.sequence)",
            DisplayWidth.pad(type, to: 16, rightAligned: false),
            Show.text(event["subject"]), details.joined(separator: " "),
        ]
        let text = words.filter { !$0.isEmpty }.joined(separator: "  ")
        return terminal.width.map { DisplayWidth.cut(text, to: $0) } ?? text
    }
}
