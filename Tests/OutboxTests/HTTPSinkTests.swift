import Testing

@testable import Outbox

@Suite("The service gets every event, whatever it answers", .timeLimit(.minutes(2)))
struct HTTPSinkTests {
    let scratch = Scratch()

    private func settings(batch: Int = 256) throws -> (SyncServer) -> SinkSettings {
        try scratch.write(Array("whsec_\(SyncServer.secret)\n".utf8), to: "secret")
        return { server in
            .http(
                HTTPSinkSettings(
                    url: "http://localhost:\(server.port)/v1/events",
                    secretFile: scratch.file("secret"), batch: batch))
        }
    }

    /// A store in a hurry.
    private func open() async throws -> Store {
        var settings = StoreSettings.test(scratch)
        settings.backoff.base = .milliseconds(10)
        settings.backoff.cap = .milliseconds(20)
        settings.backoff.untrusted = .milliseconds(20)
        return try await Store.open(settings)
    }

    @Test func batchesAreSignedAndCompressed() async throws {
        let server = try SyncServer(["200"])
        let store = try await open()
        let receipts = try await store.append((0..<3).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        let request = try server.next()
        #expect(request.signature == "good")
        #expect(request.type == "application/cloudevents-batch+json")
        #expect(request.encoding == "gzip")
        #expect(request.ids == receipts.map(\.id.description))
        #expect(request.sequences == [1, 2, 3])
        #expect(request.timestamp == 1_795_356_187)
        await store.close()
        let again = try await open()
        #expect(await again.status().lastSequence == 3)
        await again.close()
    }

    /// A batch has one `webhook-id` with every try, and none is lost to 5xx, resets or nonsense.
    @Test(arguments: [
        "500", "502", "503:0", "429:0", "302", "reset", "midbody", "close", "garbage",
    ])
    func triesAgain(behaviour: String) async throws {
        let server = try SyncServer([behaviour, behaviour, "200"])
        let store = try await open()
        _ = try await store.append((0..<5).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        let requests = try server.accepted([1, 2, 3, 4, 5])
        #expect(requests.map(\.behaviour) == [behaviour, behaviour, "200"])
        #expect(requests.allSatisfy { $0.sequences == [1, 2, 3, 4, 5] })
        #expect(requests.allSatisfy { $0.signature == "good" })
        #expect(Set(requests.compactMap(\.webhook)).count == 1)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().isEmpty)
        await store.close()
    }

    @Test func tooLargeIsHalved() async throws {
        let server = try SyncServer(["413:10"])
        let store = try await open()
        _ = try await store.append((0..<100).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        let requests = try server.accepted(Set(1...100))
        #expect(requests.first?.sequences?.count == 100)
        #expect(
            requests.filter { $0.status == 200 }.flatMap { $0.sequences ?? [] } == Array(1...100))
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().isEmpty)
        await store.close()
    }

    /// The guilty event is set aside after three tries; the others are not held up.
    @Test func poisonIsSetAside() async throws {
        let server = try SyncServer(["poison:37"])
        let store = try await open()
        _ = try await store.append((0..<100).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        let requests = try server.accepted(Set(1...100).subtracting([38]))
        #expect(requests.filter { $0.sequences == [38] }.count == 3)
        let rejected = try await store.rejected()
        #expect(rejected.map(\.event.sequence) == [38])
        // What the service said is shown without what a terminal would take as a command.
        #expect(rejected.first?.reason == "localhost answered 400 “an event is [31mbad[0m”")
        await store.close()
    }

    /// A rejected event is sent again on request, and forgotten when it is taken.
    @Test func rejectedIsRetried() async throws {
        let server = try SyncServer(["422", "422", "422", "422", "200"])
        let store = try await open()
        let receipt = try #require(try await store.append([.test(1)]).first)
        try await store.deliver(to: [settings()(server)])
        for _ in 0..<3 { _ = try server.next() }
        try await until { try await !store.rejected().isEmpty }
        try await store.retry(receipt.id)
        #expect(try server.next().status == 422)
        try await until { try await store.rejected().first?.isRetrying == false }
        #expect(try await store.rejected().count == 1)
        try await store.retry(receipt.id)
        #expect(try server.next().status == 200)
        try await until { try await store.rejected().isEmpty }
        await #expect(throws: OutboxError.self) { try await store.retry(receipt.id) }
        await store.close()
    }

    @Test func rejectedIsGivenUp() async throws {
        let server = try SyncServer(["400"])
        let store = try await open()
        let receipt = try #require(try await store.append([.test(1)]).first)
        try await store.deliver(to: [settings()(server)])
        try await until { try await !store.rejected().isEmpty }
        try await store.drop(receipt.id)
        #expect(try await store.rejected().isEmpty)
        #expect(try await store.events().events.count == 1)
        await store.close()
    }

    /// A service that refuses everything gets nothing set aside: the queue waits.
    @Test(arguments: ["401", "403", "404"])
    func denied(status: String) async throws {
        let server = try SyncServer([status, status, status, status, "200"])
        let store = try await open()
        _ = try await store.append((0..<5).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        // The batch, the newest, the oldest, the newest, the oldest, the rest.
        #expect(
            try server.accepted([1, 2, 3, 4, 5]).map(\.sequences) == [
                [1, 2, 3, 4, 5], [5], [1], [5], [1], [2, 3, 4, 5],
            ])
        #expect(try await store.rejected().isEmpty)
        await store.close()
    }

    /// A denial may be for one event: the others are not held up, and it is set aside.
    @Test(arguments: [401, 403, 404, 408, 410, 421, 425, 426, 451], [5, 20])
    func oneIsDenied(status: Int, number: Int) async throws {
        let server = try SyncServer(["poison:\(number - 1):\(status)"])
        let store = try await open()
        _ = try await store.append((0..<20).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        _ = try server.accepted(Set(1...20).subtracting([number]))
        // What comes next speaks for the service when only the guilty event is left.
        _ = try await store.append([.test(-1)])
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().map(\.event.sequence) == [Int64(number)])
        await store.close()
    }

    /// Many services answer 400 to a wrong signature: after eight events in a row the newest is
    /// tried, and when that fails too, all are taken back until one is accepted.
    @Test func everythingIsRefusedForAWhile() async throws {
        let server = try SyncServer(Array(repeating: "400", count: 40) + ["200"])
        let store = try await open()
        _ = try await store.append((0..<20).map { .test($0) })
        try await store.deliver(to: [settings()(server)])
        let requests = try server.accepted(Set(1...20))
        #expect(requests.contains { $0.sequences == [20] && $0.status == 400 })
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().isEmpty)
        await store.close()
    }

    /// More guilty events in a row than the limit do not hold the good ones up for ever.
    @Test func manyGuiltyEvents() async throws {
        let server = try SyncServer(["poison:13"])
        let store = try await open()
        _ = try await store.append((0..<12).map { _ in .test(13) } + [.test(1), .test(2)])
        try await store.deliver(to: [settings()(server)])
        _ = try server.accepted([13, 14])
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().count == 12)
        await store.close()
    }

    @Test(arguments: ["huge:500", "huge:200", "headers", "continue"])
    func endlessAnswersAreCutOff(behaviour: String) async throws {
        let server = try SyncServer([behaviour, "200"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [settings()(server)])
        let ended = try server.next { $0.behaviour == "ended" }
        #expect(try #require(ended.bytes) < 32 << 20)
        try await until { await store.status().sinks[0].depth == 0 }
        await store.close()
    }

    @Test(arguments: ["hang", "drip"])
    func slowAnswersAreGivenUp(behaviour: String) async throws {
        let server = try SyncServer([behaviour, "200"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        guard case .http(var http) = try settings()(server) else { return }
        http.limits.whole = .milliseconds(300)
        try await store.deliver(to: [.http(http)])
        #expect(try server.accepted([1]).contains { $0.behaviour == behaviour })
        await store.close()
    }

    /// The end is not held up by a service that hangs: two seconds, and one to notice.
    @Test func closingDoesNotWait() async throws {
        let server = try SyncServer(["hang"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [settings()(server)])
        _ = try server.next()
        await store.close(within: .milliseconds(100))
        #expect(store.health.state == .closed)
    }

    @Test func noBodyWithoutASecret() async throws {
        let server = try SyncServer(["200"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        let sink = try settings()(server)
        try scratch.write(Array("not a secret!".utf8), to: "secret")
        try await store.deliver(to: [sink])
        try await until { await store.status().sinks[0].fault != nil }
        #expect(await store.status().sinks[0].fault?.code == .secret)
        try scratch.remove("secret")
        try await until {
            await store.status().sinks[0].fault?.text
                == "secretFile \(scratch.file("secret")) is missing: put it there, readable for "
                + "hubd, or name another"
        }
        // It is read again with each try.
        try scratch.write(Array(SyncServer.secret.utf8), to: "secret")
        #expect(try server.next().signature == "good")
        await store.close()
    }

    @Test(arguments: [
        "http://example.com/", "http://127.0.0.1.example.com/", "http://0177.0.0.1.x/",
        "ftp://localhost/",
        "file:///etc/passwd", "https://", "https://user:password@example.com/", "", "https://a b/",
        "http://127.0.0.1@example.com/", "gopher://localhost/",
    ])
    func addressesThatAreRefused(url: String) async throws {
        let store = try await open()
        await #expect(throws: OutboxError.self) {
            try await store.deliver(to: [.http(HTTPSinkSettings(url: url))])
        }
        await store.close()
    }

    @Test(arguments: [
        "https://sync.example/v1/events", "http://localhost:80/", "http://127.1.2.3/",
        "http://[::1]:8080/x",
    ])
    func addressesThatAreTaken(url: String) throws {
        #expect(try Endpoint(url).url == url)
    }
}
