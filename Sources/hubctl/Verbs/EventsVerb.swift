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
        .init("--type", "TYPE", "only this type: beacon.entered, or all of a noun: measurement"),
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
        let feed = EventFeed(client, since: since, type: type)
        // Subscribed before the first question, so that nothing falls between.
        let news = arguments.has("--follow") ? try await feed.news() : nil
        if since == nil, type == nil { try await feed.startBefore(limit) }
        let kept = try await feed.next(newest: limit)
        try show(kept, output)
        guard let news else {
            if kept.isEmpty, !output.wantsJSON { Output.complain(["no such events are kept"]) }
            return .ok
        }
        for await _ in news { try show(try await feed.next(), output) }
        throw Failure(.notRunning, "hubd has left the bus")
    }

    private static func show(_ events: [KeptEvent], _ output: Output) throws(Failure) {
        try output.print(
            events.map { output.wantsJSON ? $0.text : $0.line(output.terminal) })
    }

    /// `beacon.entered` stands for `org.hubd.beacon.entered.v1`, and `beacon` for all that happens to
    /// beacons.
    private static func fullType(_ text: String) -> String {
        if text.hasPrefix("org.") { return text }
        return text.contains(".") ? "org.hubd.\(text).v1" : "org.hubd.\(text)."
    }
}
