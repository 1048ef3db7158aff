import DBus
import EventLoop
import JSON

/// Events from the daemon, in order and each once: those that are kept, and then what comes.
@Hub
final class EventFeed {
    private let client: HubClient
    private let since: Int64?
    private let type: String?
    /// The number of the last event that was asked for.
    private var after: Int64 = 0

    init(_ client: HubClient, since: Int64?, type: String?) {
        self.client = client
        self.since = since
        self.type = type
    }

    /// Says when there may be something new, and ends when the daemon leaves the bus.
    ///
    /// Many events make one piece of news: what was asked for meanwhile is not told again.
    func news() async throws(Failure) -> AsyncStream<Void> {
        let (news, tell) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await client.subscribe("EventKept", of: "Hub1") { _ in tell.yield() }
        try await client.whenDaemonIsGone { tell.finish() }
        return news
    }

    /// Begins before the newest `limit` events, so that not all are read for them.
    func startBefore(_ limit: Int) async throws(Failure) {
        let status = try await client.document("Status", of: "Hub1")
        let last = status["store"]?["lastSequence"]?.number?.integer(as: Int64.self) ?? 0
        after = max(0, last - Int64(clamping: limit))
    }

    /// What has been kept since the last time; of many, the newest.
    func next(newest limit: Int = .max) async throws(Failure) -> [KeptEvent] {
        var events: [KeptEvent] = []
        while true {
            var filter: [(String, BusValue)] = [
                ("after", .int64(after)), ("limit", .uint32(1_000)),
            ]
            if let since { filter.append(("since", .int64(since))) }
            if let type { filter.append(("type", .string(type))) }
            let page = try await client.call(
                "Events", of: "Hub1", [.options(filter)], mayAsk: true)
            guard page.count == 3 else {
                throw Failure(.software, "hubd's answer has another form")
            }
            events += (page[0].elements ?? []).compactMap { $0.string.flatMap(KeptEvent.init) }
            if events.count > limit { events.removeFirst(events.count - limit) }
            after = page[1].integer ?? after
            if page[2].bool != true { return events }
        }
    }
}
