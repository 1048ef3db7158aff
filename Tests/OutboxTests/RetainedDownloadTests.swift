import Foundation
import TestSupport
import Testing

@testable import Outbox

@Suite(
    "A document that a broker keeps comes whole, or its fault has a name", .timeLimit(.minutes(3)))
struct RetainedDownloadTests {
    let scratch = Scratch()
    private let topic = "hubs/store-0042/catalog"

    private func request(
        _ url: String, limit: Int = 1 << 20, whole: Duration = .seconds(30)
    ) -> RetainedDownload {
        var settings = MQTTSinkSettings(url: url, topic: "events", caFile: scratch.file("ca.pem"))
        settings.limits.whole = whole
        return RetainedDownload(
            settings, topic: topic, clientID: "hubd-store-0042-catalog",
            property: "hubd-signature", limit: limit)
    }

    private func plain(
        _ broker: FaultBroker, limit: Int = 1 << 20, whole: Duration = .seconds(30)
    ) -> Download.Outcome {
        var request = request("mqtt://127.0.0.1:\(broker.port)", limit: limit, whole: whole)
        request.broker.caFile = nil
        request.broker.limits.connect = .seconds(2)
        return request.run()
    }

    /// QoS 1 is acknowledged; before or behind SUBACK, at the limit and beyond.
    @Test(arguments: ["keeps", "early"])
    func whatIsKept(behaviour: String) throws {
        let broker = try FaultBroker(["\(behaviour):65536"])
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        #expect(plain(broker, limit: 65_536) == .document(body: body, etag: nil, header: nil))
        let connect = try #require(try broker.next { $0.connect != nil }.connect)
        #expect(connect.clean && connect.will == nil)
        #expect(connect.client == "hubd-store-0042-catalog")
        // No Maximum Packet Size: a broker would leave out what is too long, without a word.
        #expect(connect.properties["39"] == nil)
        #expect(try broker.next { $0.subscribe != nil }.subscribe == topic)
        #expect(try broker.next { $0.taken == true || $0.bye == true }.taken == true)
        #expect(try broker.next { $0.bye == true || $0.ended == true }.bye == true)
        #expect(plain(broker, limit: 65_535) == .tooLong)
    }

    /// Refused by its length, long before it is there.
    @Test func endless() throws {
        #expect(plain(try FaultBroker(["flood"])) == .tooLong)
    }

    @Test(arguments: [
        (
            "nothing", SinkFault.Code.noDocument,
            "has no retained message at hubs/store-0042/catalog"
        ),
        ("noread:0x87", .denied, "not authorized (0x87)"),
        ("noread:0x80", .denied, "give this hub the right to read there"),
        ("noread:0x97", .throttled, "quota exceeded (0x97)"),
        ("noread:0x8f", .setting, "topic filter invalid (0x8f): name another topic"),
        ("deleted", .noDocument, "has no retained message"),
        ("pongs", .notMQTT, "what was never asked"),
        ("subacks", .notMQTT, "what was never asked"),
        ("stranger", .notMQTT, "what was never asked"),
        ("cut", .reset, "cut the connection off"), ("zero", .notMQTT, "a malformed PUBLISH"),
        ("hang", .timeout, "no answer to CONNECT"), ("half", .timeout, "no answer to CONNECT"),
        ("elsewhere", .notMQTT, "for another topic"), ("twice", .notMQTT, "a malformed PUBLISH"),
        ("alias", .notMQTT, "a malformed PUBLISH"), ("never", .timeout, "did not come"),
        ("trickle", .timeout, "did not come"), ("answer:0x87", .denied, "check username"),
        ("garbage", .notMQTT, "does not speak MQTT"), ("close", .reset, "cut the connection off"),
        ("strange", .notMQTT, "what was never asked"),
    ])
    func faults(behaviour: String, code: SinkFault.Code, text: String) throws {
        let broker = try FaultBroker([behaviour])
        let isShort = ["never", "trickle"].contains(behaviour)
        guard
            case .failed(let fault, nil) = plain(
                broker, whole: isShort ? .milliseconds(1_500) : .seconds(30))
        else {
            Issue.record("no fault")
            return
        }
        #expect(fault.code == code && fault.text.contains(text), "\(fault)")
    }

    /// Of a flood the first counts, and nobody waits for the rest.
    @Test func theFirstOfMany() throws {
        guard case .document(let body, nil, nil) = plain(try FaultBroker(["many"])) else {
            Issue.record("no document")
            return
        }
        #expect(body.count == 1_000)
    }

    @Test func olderBrokers() throws {
        #expect(
            plain(try FaultBroker(["old", "keeps:3"]))
                == .document(body: Array("xxx".utf8), etag: nil, header: nil))
    }

    /// The end of hubd does not wait for it.
    @Test func stopping() throws {
        let broker = try FaultBroker(["never"])
        let stop = Download.Stop()
        stop.end()
        var request = request("mqtt://127.0.0.1:\(broker.port)")
        request.broker.caFile = nil
        guard case .failed(let fault, nil) = request.run(stop: stop) else {
            Issue.record("no fault")
            return
        }
        #expect(fault.code == .timeout)
    }

    // MARK: mosquitto, with TLS

    private func publish(_ broker: Mosquitto, _ text: [UInt8], _ how: String) throws {
        try scratch.write(text, to: "document")
        let outcome = try Rig.script(
            "mqtt_publish.py",
            ["\(broker.port)", topic, scratch.file("document"), how, scratch.file("key.pem")],
            environment: ["WATCH_CA": scratch.file("ca.pem")])
        try #require(outcome.status == 0, "\(outcome.output)")
    }

    @Test(arguments: ["tlsv1.2", "tlsv1.3"])
    func aRealBroker(version: String) throws {
        let made = try Rig.run("sh", [Rig.scripts + "/certificates.sh", scratch.path])
        try #require(made.status == 0, "\(made.output)")
        let key = try Rig.run(
            "openssl", ["genpkey", "-algorithm", "ed25519", "-out", scratch.file("key.pem")])
        try #require(key.status == 0, "\(key.output)")
        let broker = try Mosquitto(
            scratch,
            [
                "allow_anonymous true", "certfile \(scratch.file("valid.crt"))",
                "keyfile \(scratch.file("valid.key"))", "tls_version \(version)",
            ])
        let request = request("mqtts://localhost:\(broker.port)")
        guard case .failed(let fault, nil) = request.run() else {
            Issue.record("there is something")
            return
        }
        #expect(fault.code == .noDocument)
        // The longest there may be, with the signature beside it and in front.
        let text = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
        try publish(broker, text, "property")
        guard case .document(let body, nil, let signature?) = request.run() else {
            Issue.record("no document")
            return
        }
        #expect(body == text && signature.hasPrefix("ed25519="))
        try publish(broker, Array("{}".utf8), "line")
        guard case .document(let framed, nil, nil) = request.run() else {
            Issue.record("no document")
            return
        }
        #expect(String(decoding: framed, as: UTF8.self).hasPrefix("// hubd-signature: ed25519="))
        try publish(broker, text + [0x20], "unsigned")
        #expect(request.run() == .tooLong)
        try publish(broker, [], "nothing")
        guard case .failed(let gone, nil) = request.run() else {
            Issue.record("there is something")
            return
        }
        #expect(gone.code == .noDocument)
        broker.kill()
        guard case .failed(let away, nil) = request.run() else {
            Issue.record("there is something")
            return
        }
        #expect(away.code == .refused)
    }
}
