import DBus
import EventLoop
import JSON

/// `hubctl outbox`: what waits for the sinks, and what they would not have.
enum OutboxVerb: Verb {
    static let name = "outbox"
    static let summary = "what waits for the sinks, and what they would not have"
    static let operands = "[now [SINK] | retry ID | drop ID | again SINK]"
    static let details = [
        "now tries a sink at once, or all, though it waits after a fault; retry sends a rejected event",
        "again, drop gives it up; again delivers to a sink once more what is still kept. All of them",
        "need root or the user of hubd.",
    ]

    static let options = [
        Arguments.Option("--preview", "the bytes of the next delivery, before they leave"),
        Arguments.Option("--sink", "NAME", "with --preview: only this sink"),
        Arguments.Option("--from", "NUMBER", "with again: from the event with this number on"),
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        if arguments.has("--preview") { return try await preview(arguments, output) }
        guard arguments.value("--sink") == nil else {
            throw Failure(.usage, "outbox: --sink goes with --preview")
        }
        if arguments.words.first == "again" { return try await again(arguments, output) }
        if arguments.words.first == "now" { return try await now(arguments, output) }
        guard arguments.value("--from") == nil else {
            throw Failure(.usage, "outbox: --from goes with again SINK")
        }
        try expect(arguments.words, 0...2)
        if let action = arguments.words.first {
            return try await act(action, arguments, output)
        }
        let outbox = try await HubClient(arguments).document("Outbox", of: "Hub1")
        if output.wantsJSON {
            try output.print(outbox)
        } else {
            try show(outbox, output)
        }
        return .ok
    }

    /// Of each sink the request, the headers with signatures masked, and the body as it is signed
    /// and compressed; with --json one document a line.
    private static func preview(
        _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let client = try await HubClient(arguments)
        var names = arguments.value("--sink").map { [$0] } ?? []
        if names.isEmpty { names = try await sinks(of: client) }
        for name in names {
            let delivery = try await client.document(
                "PreviewDelivery", of: "Hub1", [.string(name)])
            if output.wantsJSON {
                try output.print(delivery)
                continue
            }
            try output.print(["sink \(name): \(Show.count(delivery["events"])) events"])
            try output.print([Show.text(delivery["request"])])
            try output.print((delivery["headers"]?.elements ?? []).map { Show.text($0) })
            try output.print(["", Show.text(delivery["body"]), ""])
        }
        return .ok
    }

    /// Tries sinks at once that wait after a fault.
    private static func now(
        _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        guard arguments.words.count <= 2, arguments.value("--from") == nil else {
            throw Failure(.usage, "outbox now: expected one SINK, or nothing for all of them")
        }
        let client = try await HubClient(arguments)
        let names =
            arguments.words.count == 2 ? [arguments.words[1]] : try await sinks(of: client)
        for name in names {
            _ = try await client.call("DeliverNow", of: "Hub1", [.string(name)], mayAsk: true)
            if output.wantsJSON {
                try output.print(["sink": .string(name), "action": "now"] as JSONValue)
            } else {
                try output.print("\(name): is tried now; hubctl outbox shows what comes of it")
            }
        }
        return .ok
    }

    private static func sinks(of client: HubClient) async throws(Failure) -> [String] {
        let outbox = try await client.document("Outbox", of: "Hub1")
        return (outbox["sinks"]?.elements ?? []).compactMap { $0["sink"]?.string }
    }

    /// Delivers once more what is still kept.
    private static func again(
        _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        guard arguments.words.count == 2 else {
            throw Failure(.usage, "outbox again: expected one SINK; hubctl outbox lists them")
        }
        let sink = arguments.words[1]
        let first = try arguments.number("--from", minimum: 1) ?? 1
        let count = try await HubClient(arguments).call(
            "DeliverAgain", of: "Hub1", [.string(sink), .uint64(UInt64(first))], mayAsk: true
        ).first?.json
        if output.wantsJSON {
            try output.print(
                ["sink": .string(sink), "action": "again", "events": count ?? .null] as JSONValue)
        } else {
            try output.print("\(sink): \(Show.count(count)) events are delivered again")
        }
        return .ok
    }

    private static func act(
        _ action: String, _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let members = ["retry": "RetryRejected", "drop": "DropRejected"]
        guard let member = members[action] else {
            throw Failure(
                .usage, "outbox: \(quoted(action)), expected now, retry ID, drop ID or again SINK")
        }
        guard arguments.words.count == 2 else {
            throw Failure(.usage, "outbox \(action): no ID; hubctl outbox lists rejected events")
        }
        let id = arguments.words[1]
        _ = try await HubClient(arguments).call(
            member, of: "Hub1", [.string(id)], mayAsk: true)
        if output.wantsJSON {
            try output.print(["id": .string(id), "action": .string(action)] as JSONValue)
        } else {
            try output.print("\(id): " + (action == "retry" ? "is sent again" : "given up"))
        }
        return .ok
    }

    /// What is wrong, and when it is tried again if that is worth waiting for.
    private static func problem(of sink: JSONValue) -> String {
        let text = Show.text(sink["problem"])
        guard !text.isEmpty, let wait = sink["retryInSeconds"]?.number?.double, wait >= 60 else {
            return text
        }
        return text + "; next try in \(Show.duration(wait)), or with hubctl outbox now"
    }

    private static func show(_ outbox: JSONValue, _ output: Output) throws(Failure) {
        try output.print("\(Show.count(outbox["lastSequence"])) events so far")
        var sinks = Table([
            .init(title: "sink"), .init(title: "up to", rightAligned: true),
            .init(title: "waiting", rightAligned: true), .init(title: "oldest"),
            .init(title: "service has"),
            .init(title: "problem", shrinksTo: 20),
        ])
        for sink in outbox["sinks"]?.elements ?? [] {
            let oldest = sink["oldest"]?.number?.double.map(Show.duration) ?? ""
            sinks.add([
                .init(Show.text(sink["sink"])), .init(Show.count(sink["delivered"])),
                .init(Show.count(sink["waiting"])), .init(oldest),
                .init(Show.place(sink["service"])), .init(problem(of: sink), .bad),
            ])
        }
        try output.print([""] + sinks.lines(on: output.terminal))
        let rejected = outbox["rejected"]?.elements ?? []
        guard !rejected.isEmpty else { return }
        var table = Table([
            .init(title: "rejected id"), .init(title: "type"), .init(title: "sink"),
            .init(title: "reason", shrinksTo: 20),
        ])
        for entry in rejected {
            table.add([
                .init(Show.text(entry["id"])), .init(Show.text(entry["type"])),
                .init(Show.text(entry["sink"])), .init(Show.text(entry["reason"])),
            ])
        }
        try output.print([""] + table.lines(on: output.terminal))
    }
}
