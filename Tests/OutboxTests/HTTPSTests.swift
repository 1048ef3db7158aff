import Foundation
import Testing

@testable import Outbox

@Suite(
    "HTTPS as services have it: HTTP/2, pins, the hub's certificate, proxies",
    .timeLimit(.minutes(2)))
struct HTTPSTests {
    let scratch = Scratch()

    init() throws {
        let outcome = try Rig.run("sh", [Rig.scripts + "/certificates.sh", scratch.path])
        try #require(outcome.status == 0, "\(outcome.output)")
    }

    private func open() async throws -> Store {
        var settings = StoreSettings.test(scratch)
        settings.backoff = .hurry
        return try await Store.open(settings)
    }

    private func http(_ port: String) -> HTTPSinkSettings {
        HTTPSinkSettings(url: "https://localhost:\(port)/", caFile: scratch.file("ca.pem"))
    }

    private func fault(_ store: Store) async throws -> SinkFault? {
        try await until { await store.status().sinks.first?.fault != nil }
        return await store.status().sinks.first?.fault
    }

    // MARK: Connections

    /// HTTP/2 is agreed on within TLS, and one connection carries every batch.
    @Test func http2() throws {
        let server = try RigServer("h2_server.py", [scratch.file("valid.pem")])
        let settings = http(server.port)
        let transfer = try #require(try Transfer(Endpoint(settings.url), settings))
        for round in 0..<3 {
            let answer = transfer.post(
                Array("[]".utf8), headers: [], limits: settings.limits, deadline: Deadline())
            #expect(answer.status == 200, "\(answer.text)")
            // CURL_HTTP_VERSION_2_0
            #expect(answer.version == 3)
            #expect(answer.connections == (round == 0 ? 1 : 0))
        }
    }

    /// A server that has HTTP/1.1 only gets that, and one connection carries every batch as well.
    @Test func connectionsAreKept() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let store = try await open()
        _ = try await store.append((0..<30).map { .test($0) })
        var settings = http(server.port)
        settings.batch = 10
        try await store.deliver(to: [.http(settings)])
        let requests = try server.accepted(Set(1...30))
        #expect(requests.count == 3)
        #expect(Set(requests.compactMap(\.client)).count == 1)
        await store.close()
    }

    @Test func redirectsAreNotFollowed() async throws {
        let server = try SyncServer(["redirect", "200"], signed: false)
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [
            .http(HTTPSinkSettings(url: "http://localhost:\(server.port)/"))
        ])
        #expect(try server.accepted([1]).map(\.behaviour) == ["redirect", "200"])
        await store.close()
        #expect(try server.rest().allSatisfy { $0.behaviour != "followed" })
    }

    // MARK: Pins and certificates

    @Test func aPinThatFits() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http(server.port)
        let other = "sha256//" + String(repeating: "A", count: 43) + "="
        settings.pin = other + ";" + scratch.lines("valid.pin")[0]
        try await store.deliver(to: [.http(settings)])
        #expect(try server.next().sequences == [1])
        await store.close()
    }

    /// Another key, though its certificate is good: nothing is sent.
    @Test func aPinThatDoesNotFit() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http(server.port)
        settings.pin = "sha256//" + String(repeating: "A", count: 43) + "="
        try await store.deliver(to: [.http(settings)])
        let fault = try #require(try await fault(store))
        #expect(fault.code == .wrongKey && fault.isUntrusted)
        await store.close()
        #expect(try server.rest().allSatisfy { $0.sequences == nil })
    }

    /// The service asks who the hub is: its certificate is taken, missing, or would not be had.
    @Test(
        arguments: zip(
            ["client.pem", nil, "alien.pem", "ca.pem", "missing.pem"],
            [
                nil, SinkFault.Code.clientCertificateRequired, .clientCertificateRefused,
                .clientCertificate, .clientCertificate,
            ]))
    func theHubsCertificate(_ file: String?, _ code: SinkFault.Code?) async throws {
        let server = try SyncServer(
            ["200"], certificate: scratch.file("valid.pem"), signed: false,
            clients: scratch.file("ca.pem"))
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http(server.port)
        settings.certFile = file.map { scratch.file($0) }
        settings.keyFile = file.map { scratch.file($0) }
        try await store.deliver(to: [.http(settings)])
        if code == nil {
            #expect(try server.next { $0.sequences != nil }.sequences == [1])
        } else {
            // In TLS 1.3 the service says no after the handshake, and its reset may come before its
            // word: then the next try tells.
            try await until { await store.status().sinks.first?.fault?.code == code }
            #expect(await store.status().sinks.first?.cursor == 0)
        }
        await store.close()
    }

    // MARK: Proxies

    @Test func throughAProxy() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let proxy = try RigServer("proxy.py", ["through"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http(server.port)
        settings.proxy = "http://127.0.0.1:\(proxy.port)"
        try await store.deliver(to: [.http(settings)])
        #expect(try server.next { $0.sequences != nil }.sequences == [1])
        #expect(try proxy.line() == "CONNECT localhost:\(server.port)")
        await store.close()
    }

    @Test(arguments: ["407", "403", "dead", "unknown", "socks"])
    func proxiesThatDoNotLetThrough(kind: String) async throws {
        let proxy = try RigServer("proxy.py", [kind])
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http("1")
        let addresses = [
            "dead": "http://127.0.0.1:1", "unknown": "http://proxy.invalid:3128",
            "socks": "socks5h://127.0.0.1:\(proxy.port)",
        ]
        let address = addresses[kind] ?? "http://127.0.0.1:\(proxy.port)"
        settings.proxy = address
        try await store.deliver(to: [.http(settings)])
        let fault = try #require(try await fault(store))
        #expect(fault.code == .proxy, "\(fault)")
        #expect(fault.text.contains(address))
        await store.close()
    }

    @Test func aProxyIsForHTTPSOnly() async throws {
        let store = try await open()
        var settings = HTTPSinkSettings(url: "http://localhost:80/")
        settings.proxy = "http://127.0.0.1:3128"
        let wrong = SinkSettings.http(settings)
        await #expect(throws: OutboxError.self) { try await store.deliver(to: [wrong]) }
        await store.close()
    }

    // MARK: Secrets

    /// While a service changes its secret both sign; a file that changes is read without a restart.
    @Test func secretsRotate() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"))
        let old = Base64.encode(Array("an older secret of 24 bytes".utf8))
        try scratch.write(Array("whsec_\(old)\nwhsec_\(SyncServer.secret)\n".utf8), to: "secret")
        let store = try await open()
        _ = try await store.append([.test(1)])
        var settings = http(server.port)
        settings.secretFile = scratch.file("secret")
        try await store.deliver(to: [.http(settings)])
        let both = try server.next { $0.sequences != nil }
        #expect(both.signature == "good" && both.signatures == 2)
        try scratch.write(Array("whsec_\(SyncServer.secret)\n".utf8), to: "secret")
        _ = try await store.append([.test(2)])
        let one = try server.next { $0.sequences != nil }
        #expect(one.signature == "good" && one.signatures == 1)
        await store.close()
    }

    @Test func secretsInSeveralFiles() throws {
        try scratch.write(Array(SyncServer.secret.utf8), to: "a")
        try scratch.write(Array("\(SyncServer.secret)\r\n\n".utf8), to: "b")
        let files = [scratch.file("a"), scratch.file("b")]
        #expect(try Webhook(secretFiles: files).keys.count == 2)
        #expect(throws: SinkFault.self) { try Webhook(secretFiles: files + files + files) }
        try scratch.write(Array("\(SyncServer.secret)\nnot one\n".utf8), to: "b")
        #expect(throws: SinkFault.self) { try Webhook(secretFiles: files) }
    }

    // MARK: Weak lines

    /// 10,000 bytes at 1,000 a second take the line for ten seconds from when they began.
    @Test func theLineIsTaken() {
        var pacer = Pacer()
        pacer.sent(10_000, atMost: 1_000, now: 5_000_000_000)
        #expect(pacer.left(now: 5_000_000_000) == 10_000_000_000)
        #expect(pacer.left(now: 14_000_000_000) == 1_000_000_000)
        pacer.sent(1_000, atMost: 1_000, now: 14_000_000_000)
        #expect(pacer.left(now: 15_000_000_000) == 1_000_000_000)
        var free = Pacer()
        free.sent(10_000, atMost: nil, now: 0)
        #expect(free.left(now: 0) == 0)
    }

    @Test func limitsFollowTheRate() throws {
        var settings = HTTPSinkSettings(url: "https://localhost/")
        #expect(settings.limits(for: 1 << 20).whole == .seconds(30))
        settings.maxRate = 1_024
        #expect(settings.limits(for: 10_240).whole == .seconds(40))
        let sink = try HTTPSink(settings, hub: "h", clock: { someTime })
        #expect(sink.limits.bytes == 16 * 1_024)
    }

    @Test func bodiesGetThroughAtARate() async throws {
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let store = try await open()
        _ = try await store.append((0..<20).map { .test($0) })
        var settings = http(server.port)
        settings.maxRate = 64 << 10
        settings.batch = 5
        try await store.deliver(to: [.http(settings)])
        #expect(try server.accepted(Set(1...20)).count == 4)
        await store.close()
    }

    // MARK: Preview

    /// What is shown is what is sent, byte for byte; the signature is not.
    @Test func whatIsShownIsWhatIsSent() async throws {
        let server = try SyncServer(["hang"])
        try scratch.write(Array(SyncServer.secret.utf8), to: "secret")
        let store = try await open()
        let receipts = try await store.append([.test(1), .test(2)])
        let settings = HTTPSinkSettings(
            url: "http://localhost:\(server.port)/", secretFile: scratch.file("secret"))
        try await store.deliver(to: [.http(settings)])
        let sent = try server.next()
        let preview = try #require(try await store.preview("http:" + settings.url))
        #expect(preview.request == "POST \(settings.url)")
        #expect(preview.headers.contains("webhook-id: \(sent.webhook ?? "")"))
        #expect(preview.headers.contains("webhook-signature: v1,********"))
        // One for each key, and why not when there is none.
        let two = SyncServer.secret + "\n" + SyncServer.secret + "\n"
        try scratch.write(Array(two.utf8), to: "secret")
        let both = try #require(try await store.preview("http:" + settings.url))
        #expect(both.headers.contains("webhook-signature: v1,******** v1,********"))
        try scratch.write([], to: "secret")
        let none = try #require(try await store.preview("http:" + settings.url))
        #expect(none.headers.contains { $0.hasPrefix("webhook-signature: nothing is sent, ") })
        #expect(sent.ids == receipts.map(\.id.description))
        #expect(preview.count == 2)
        #expect(try await store.preview("nobody") == nil)
        await store.close(within: .milliseconds(50))
    }
}

/// A server of Tests/Rigs that says `port N` first.
final class RigServer {
    private(set) var port = ""
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ script: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Rig.scripts + "/" + script] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let first = try line()
        try #require(first.hasPrefix("port "), "\(first)")
        port = String(first.dropFirst(5))
    }

    deinit {
        process.terminate()
    }

    /// The next line.
    func line() throws -> String {
        var bytes: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
