import Glibc
import Testing

@testable import Outbox

@Suite("Not one byte goes to a peer that is not who it should be", .timeLimit(.minutes(2)))
struct TLSTests {
    let scratch = Scratch()

    private func open() async throws -> Store {
        let outcome = try Rig.run("sh", [Rig.scripts + "/certificates.sh", scratch.path])
        try #require(outcome.status == 0, "\(outcome.output)")
        var settings = StoreSettings.test(scratch)
        settings.backoff.base = .milliseconds(10)
        settings.backoff.cap = .milliseconds(20)
        settings.backoff.untrusted = .milliseconds(20)
        return try await Store.open(settings)
    }

    private func sink(_ port: String, caFile: String = "ca.pem") -> SinkSettings {
        var settings = HTTPSinkSettings(
            url: "https://localhost:\(port)/", caFile: scratch.file(caFile))
        settings.limits.whole = .seconds(10)
        return .http(settings)
    }

    private func fault(_ store: Store) async throws -> SinkFault.Code? {
        try await until { await store.status().sinks.first?.fault != nil }
        return await store.status().sinks.first?.fault?.code
    }

    @Test func aGoodPeer() async throws {
        let store = try await open()
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [sink(server.port)])
        #expect(try server.next().sequences == [1])
        await store.close()
    }

    /// Each fault has its name, so that a person knows what to mend; the server gets no request.
    @Test(arguments: [
        ("unknown.pem", SinkFault.Code.untrustedAuthority), ("othername.pem", .wrongName),
        ("expired.pem", .expired),
    ])
    func wrongCertificates(file: String, code: SinkFault.Code) async throws {
        let store = try await open()
        let server = try SyncServer(["200"], certificate: scratch.file(file), signed: false)
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [sink(server.port)])
        #expect(try await fault(store) == code)
        #expect(await store.status().sinks.first?.cursor == 0)
        await store.close()
        #expect(try server.rest().allSatisfy { $0.sequences == nil })
    }

    /// Plain text where TLS is expected: what the server sees is a handshake, no request.
    @Test func plainText() async throws {
        let store = try await open()
        let server = try SyncServer(["200"], certificate: "plain-on-tls", signed: false)
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [sink(server.port)])
        #expect(try await fault(store) == .noTLS)
        #expect(try server.next().post == false)
        await store.close()
    }

    @Test func noAuthorities() async throws {
        let store = try await open()
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [sink(server.port, caFile: "missing.pem")])
        #expect(try await fault(store) == .authorities)
        await store.close()
    }

    @Test func nobodyListens() async throws {
        let store = try await open()
        _ = try await store.append([.test(1)])
        // Port 1 (tcpmux) is nobody's.
        try await store.deliver(to: [sink("1")])
        #expect(try await fault(store) == .refused)
        await store.close()
    }

    @Test func nameNotFound() async throws {
        let store = try await open()
        _ = try await store.append([.test(1)])
        // RFC 6761, §6.4: the name is never found.
        try await store.deliver(to: [.http(HTTPSinkSettings(url: "https://hub.invalid/"))])
        #expect(try await fault(store) == .nameNotFound)
        await store.close()
    }

    /// A peer that takes the connection and says nothing.
    @Test func halfOpen() async throws {
        let store = try await open()
        let server = try SyncServer(["hang"], certificate: scratch.file("valid.pem"), signed: false)
        _ = try await store.append([.test(1)])
        guard case .http(var http) = sink(server.port) else { return }
        http.limits.whole = .milliseconds(500)
        try await store.deliver(to: [.http(http)])
        #expect(try await fault(store) == .timeout)
        await store.close(within: .milliseconds(100))
    }

    /// A probe sends nothing and finds the same faults, and when a certificate expires.
    @Test func probe() async throws {
        let store = try await open()
        await store.close()
        func probe(_ port: String, ca: String = "ca.pem") throws -> SinkProbe.Result {
            SinkProbe.connect(
                host: "localhost", port: try #require(UInt16(port)), isEncrypted: true,
                caFile: scratch.file(ca), within: .seconds(30))
        }
        for (file, code) in [
            ("valid.pem", nil), ("unknown.pem", SinkFault.Code.untrustedAuthority),
            ("othername.pem", .wrongName), ("expired.pem", .expired), ("plain-on-tls", .noTLS),
        ] {
            let certificate = file.hasSuffix(".pem") ? scratch.file(file) : file
            let server = try SyncServer(["200"], certificate: certificate, signed: false)
            let result = try probe(server.port)
            #expect(result.fault?.code == code, "\(file): \(String(describing: result.fault))")
            // The script makes certificates of two days.
            let days = result.expires.map { Double($0 - Int64(time(nil))) / 86_400 }
            #expect((days.map { (1.9...2.1).contains($0) } ?? false) == (code == nil))
            #expect(try server.rest().allSatisfy { $0.sequences == nil })
        }
        #expect(try probe("1").fault?.code == .refused)
        let server = try SyncServer(["200"], certificate: scratch.file("valid.pem"), signed: false)
        let missing = try probe(server.port, ca: "missing.pem").fault
        #expect(missing?.code == .authorities)
        #expect(missing?.text.contains("missing.pem is missing: put it there") == true)
        try scratch.write(Array("no certificate".utf8), to: "text.pem")
        #expect(
            try probe(server.port, ca: "text.pem").fault?.text.contains(
                "text.pem holds no certificate") == true)
        let secret = scratch.file("secret")
        #expect(SinkProbe.fault(secretFile: nil) == nil)
        #expect(SinkProbe.fault(secretFile: secret)?.code == .secret)
    }
}
