import Foundation
import Testing

@testable import Outbox

@Suite("A document is fetched whole, from whom it should come, or not at all")
struct DownloadTests {
    let scratch = Scratch()
    private let text = Array("{ version: 1 }".utf8)

    private func prepare(_ behaviour: String) throws {
        let outcome = try Rig.run("sh", [Rig.scripts + "/certificates.sh", scratch.path])
        try #require(outcome.status == 0, "\(outcome.output)")
        let key = try Rig.run(
            "openssl", ["genpkey", "-algorithm", "ed25519", "-out", scratch.file("key.pem")])
        try #require(key.status == 0, "\(key.output)")
        try scratch.write(text, to: "catalog")
        try behave(behaviour)
    }

    private func behave(_ behaviour: String) throws {
        try scratch.write(Array(behaviour.utf8), to: "control")
    }

    private func server(_ certificate: String = "valid.pem") throws -> CatalogServer {
        try CatalogServer(
            [
                scratch.file(certificate), scratch.file("key.pem"), scratch.file("catalog"),
                scratch.file("control"),
            ])
    }

    private func request(_ port: String) -> Download {
        var request = Download(
            url: "https://localhost:\(port)/v1/hubs/a/catalog", caFile: scratch.file("ca.pem"),
            header: "hubd-signature", limit: 1_000)
        request.limits.whole = .seconds(20)
        return request
    }

    @Test func theDocumentItsTagAndItsSignature() throws {
        try prepare("good")
        let server = try server()
        let outcome = request(server.port).run(etag: nil, now: 0)
        guard case .document(let body, let etag?, let signature?) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(body == text)
        #expect(etag.hasPrefix("\"") && etag.hasSuffix("\"") && etag.count == 66)
        #expect(Base64.decode(signature.dropFirst(8))?.count == 64)
        #expect(request(server.port).run(etag: etag, now: 0) == .unchanged)
        let told = try server.requests(2)
        #expect(told.map(\.etag) == [nil, etag])
        #expect(told.allSatisfy { $0.path == "/v1/hubs/a/catalog" && $0.authorization == nil })
    }

    @Test func theTokenGoesAlong() throws {
        try prepare("good")
        let server = try server()
        var request = request(server.port)
        request.tokenFile = scratch.file("token")
        guard case .failed(let missing, _) = request.run(etag: nil, now: 0) else { return }
        #expect(missing.code == .secret)
        try scratch.write(Array("s3cret\n".utf8), to: "token")
        guard case .document = request.run(etag: nil, now: 0) else {
            Issue.record("no document")
            return
        }
        #expect(try server.requests(1).map(\.authorization) == ["Bearer s3cret"])
        try scratch.write(Array("two words".utf8), to: "token")
        guard case .failed(let fault, _) = request.run(etag: nil, now: 0) else { return }
        #expect(fault.code == .secret)
    }

    @Test(arguments: [
        ("garbage", SinkFault.Code.notHTTP), ("redirect", .serverError), ("refused", .denied),
        ("gone", .denied), ("broken", .throttled), ("cut", .reset), ("slow", .timeout),
        ("hang", .timeout),
    ])
    func whatGoesWrongHasAName(behaviour: String, code: SinkFault.Code) throws {
        try prepare(behaviour)
        let server = try server()
        var request = request(server.port)
        request.limits.slow = .seconds(1)
        if behaviour == "hang" { request.limits.whole = .milliseconds(500) }
        let outcome = request.run(etag: nil, now: 0)
        guard case .failed(let fault, let after) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(fault.code == code, "\(fault)")
        #expect(after == (behaviour == "broken" ? .seconds(1) : nil))
        // Once: a redirect is not followed.
        #expect(try server.requests(1).count == 1)
    }

    @Test(arguments: ["huge", "good"])
    func tooLong(behaviour: String) throws {
        try prepare(behaviour)
        try scratch.write([UInt8](repeating: 0x20, count: 1_001), to: "catalog")
        let server = try server()
        #expect(request(server.port).run(etag: nil, now: 0) == .tooLong)
        guard behaviour == "good" else { return }
        try scratch.write([UInt8](repeating: 0x20, count: 1_000), to: "catalog")
        guard case .document(let body, _, _) = request(server.port).run(etag: nil, now: 0) else {
            Issue.record("as long as it may be, and refused")
            return
        }
        #expect(body.count == 1_000)
    }

    @Test(arguments: [
        ("unknown.pem", SinkFault.Code.untrustedAuthority), ("othername.pem", .wrongName),
        ("expired.pem", .expired),
    ])
    func wrongCertificates(file: String, code: SinkFault.Code) throws {
        try prepare("good")
        let server = try server(file)
        guard case .failed(let fault, _) = request(server.port).run(etag: nil, now: 0) else {
            Issue.record("a document")
            return
        }
        #expect(fault.code == code && fault.isUntrusted)
    }

    @Test func aCertificateOfOurOwnThatIsNone() throws {
        try prepare("good")
        let server = try server()
        var request = request(server.port)
        request.certFile = scratch.file("control")
        request.keyFile = scratch.file("control")
        guard case .failed(let fault, _) = request.run(etag: nil, now: 0) else {
            Issue.record("a document")
            return
        }
        #expect(fault.code == .clientCertificate && fault.text.contains("certFile"), "\(fault)")
    }
}

/// A process of `catalog_server.py`.
final class CatalogServer {
    struct Request: Decodable {
        var behaviour: String
        var path: String?
        var etag: String?
        var authorization: String?
    }

    private(set) var port = ""
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer: [UInt8] = []

    init(_ words: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Rig.scripts + "/catalog_server.py"] + words
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard let line = line(), line.hasPrefix("port ") else {
            throw CocoaError(.fileReadUnknown)
        }
        port = String(line.dropFirst(5))
    }

    deinit {
        // It ends with its input; a signal may be blocked in it, as in the thread that started it.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The next requests; what else the server says is passed over.
    func requests(_ count: Int) throws -> [Request] {
        var requests: [Request] = []
        while requests.count < count {
            let text = try #require(line(), "the server has nothing to say")
            let request = try JSONDecoder().decode(Request.self, from: Data(text.utf8))
            if request.path != nil { requests.append(request) }
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
