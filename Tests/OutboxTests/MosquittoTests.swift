import Foundation
import TestSupport
import Testing

@testable import Outbox

@Suite("A real broker gets every event, and what is so now", .timeLimit(.minutes(5)))
struct MosquittoTests {
    let scratch = Scratch()

    private func open() async throws -> Store {
        var settings = StoreSettings.test(scratch)
        settings.backoff.base = .milliseconds(10)
        settings.backoff.cap = .milliseconds(20)
        settings.backoff.untrusted = .milliseconds(20)
        return try await Store.open(settings)
    }

    private func settings(_ broker: Mosquitto, scheme: String = "mqtt") -> MQTTSinkSettings {
        MQTTSinkSettings(
            url: "\(scheme)://localhost:\(broker.port)", topic: "hubs/{hub}/events",
            stateTopic: "hubs/{hub}/state")
    }

    private func events(_ range: ClosedRange<Int>) -> [Event] { range.map { .test($0) } }

    private func delivered(_ store: Store) async throws {
        try await until { await store.status().sinks.first?.depth == 0 }
    }

    private func fault(_ store: Store) async throws -> SinkFault? {
        try await until { await store.status().sinks.first?.fault != nil }
        return await store.status().sinks.first?.fault
    }

    // MARK: Events

    /// Once with MQTT's own exactly once, too.
    @Test(arguments: [false, true])
    func everyEvent(isExactlyOnce: Bool) async throws {
        let broker = try Mosquitto(scratch)
        let watch = try Subscriber(broker.port, ["hubs/+/events"])
        let store = try await open()
        var settings = settings(broker)
        settings.isExactlyOnce = isExactlyOnce
        try await store.deliver(to: [.mqtt(settings)])
        for start in 0..<10 {
            _ = try await store.append(events(start * 100 + 1...start * 100 + 100))
        }
        for sequence in 1...1_000 {
            let message = try watch.next()
            #expect(message.event?.sequence == sequence)
            #expect(message.topic == "hubs/store-0042/events")
        }
        try await delivered(store)
        await store.close()
    }

    /// What nobody subscribed to is forgotten by the broker: it waits here until somebody does, and
    /// then for him who is away but has a session.
    @Test func nobodyThere() async throws {
        let broker = try Mosquitto(scratch)
        let store = try await open()
        _ = try await store.append(events(1...50))
        try await store.deliver(to: [.mqtt(settings(broker))])
        let text = try #require(try await fault(store)).text
        #expect(text.contains("no subscriber for hubs/store-0042/events"), "\(text)")
        #expect(await store.status().sinks.first?.depth == 50)
        try Subscriber.leaveSession(broker.port, "hubs/+/events", client: "later")
        try await delivered(store)
        #expect(await store.status().sinks.first?.fault == nil)
        await store.close()
        let watch = try Subscriber(broker.port, ["hubs/+/events"], client: "later")
        // The broker may have taken those behind the first of a window that it refused.
        let came = try (1...50).compactMap { _ in try watch.next().event?.sequence }
        #expect(came.sorted() == Array(1...50))
    }

    /// kill -9 of the broker, twenty times in the middle of things: a subscriber that knows ids has
    /// each event once, and no number is missing.
    @Test func killedBroker() async throws {
        try await everyEvent(isExactlyOnce: false) { $0.kill() }
    }

    /// With QoS 2 the broker's half of the session counts: over restarts that keep it.
    @Test func restartedBroker() async throws {
        try await everyEvent(isExactlyOnce: true) { $0.stop() }
    }

    private func everyEvent(isExactlyOnce: Bool, over end: (Mosquitto) -> Void) async throws {
        // With its usual settings mosquitto acknowledges what it forgets when it is killed.
        let broker = try Mosquitto(
            scratch,
            [
                "allow_anonymous true", "persistence true", "persistence_location \(scratch.path)/",
                "autosave_interval 1", "autosave_on_changes true", "max_queued_messages 0",
                "max_inflight_messages 0",
            ])
        let watch = try Subscriber(broker.port, ["hubs/+/events"])
        let store = try await open()
        var settings = settings(broker)
        settings.isExactlyOnce = isExactlyOnce
        try await store.deliver(to: [.mqtt(settings)])
        var seen: [Int: String] = [:]
        for round in 0..<20 {
            let first = round * 50 + 1
            _ = try await store.append(events(first...first + 49))
            // A few have come: others are under way.
            while seen[first + 4] == nil {
                let event = try #require(try watch.next().event)
                #expect(seen[event.sequence] ?? event.id == event.id)
                seen[event.sequence] = event.id
            }
            end(broker)
            try broker.start()
        }
        while seen.count < 1_000 {
            let event = try #require(try watch.next().event)
            #expect(seen[event.sequence] ?? event.id == event.id)
            seen[event.sequence] = event.id
        }
        #expect(Set(seen.keys) == Set(1...1_000))
        #expect(Set(seen.values).count == 1_000)
        try await delivered(store)
        await store.close()
    }

    /// kill -9 of the hub's side: what it has not noted comes again, and the broker tells of its
    /// end.
    @Test func killedHub() async throws {
        let broker = try Mosquitto(scratch)
        let watch = try Subscriber(broker.port, ["hubs/rig/#"])
        var seen: Set<Int> = []
        var last = 0
        for _ in 0..<5 {
            let hub = Process()
            hub.executableURL = URL(fileURLWithPath: Rig.program)
            hub.arguments = ["serve", scratch.path]
            hub.environment = ["RIG_SINK": "mqtt://127.0.0.1:\(broker.port)"]
            let input = Pipe()
            hub.standardInput = input
            hub.standardOutput = FileHandle.nullDevice
            try hub.run()
            try input.fileHandleForWriting.write(contentsOf: Data("value 200 100\n".utf8))
            let start = last
            while last < start + 100 {
                let message = try watch.next()
                guard message.topic == "hubs/rig/events" else { continue }
                last = max(last, try sequence(message, &seen))
            }
            kill(hub.processIdentifier, SIGKILL)
            hub.waitUntilExit()
            while true {
                let message = try watch.next()
                guard message.topic == "hubs/rig/state" else {
                    last = max(last, try sequence(message, &seen))
                    continue
                }
                if message.state?["state"] == "offline" { break }
            }
        }
        #expect(seen == Set(1...last))
    }

    private func sequence(_ message: SeenMessage, _ seen: inout Set<Int>) throws -> Int {
        struct Part: Decodable { var sequence: Int }
        let part = try JSONDecoder().decode(Part.self, from: Data(message.payload.utf8))
        seen.insert(part.sequence)
        return part.sequence
    }

    // MARK: State

    @Test func state() async throws {
        let broker = try Mosquitto(scratch)
        try Subscriber.leaveSession(broker.port, "hubs/+/events")
        let store = try await open()
        store.states.setHub(Array(#""version":"1.2.3""#.utf8))
        #expect(store.states.set("devices/bp-7/state", Array(#"{"link":"idle"}"#.utf8)))
        try await store.deliver(to: [.mqtt(settings(broker))])
        _ = try await store.append([.test(1)])
        try await delivered(store)
        let watch = try Subscriber(broker.port, ["hubs/+/state", "hubs/+/devices/+/state"])
        func next(_ topic: String) throws -> SeenMessage { try watch.next { $0.topic == topic } }
        let online = try next("hubs/store-0042/state")
        #expect(online.retained)
        #expect(
            online.state == [
                "state": "online", "time": "2026-11-22T22:03:07.123+08:00", "version": "1.2.3",
            ])
        let device = "hubs/store-0042/devices/bp-7/state"
        #expect(try next(device).state == ["link": "idle"])
        // Also when there is nothing to deliver; the latest counts.
        for number in 1...50 {
            store.states.set("devices/bp-7/state", Array(#"{"link":"\#(number)"}"#.utf8))
        }
        while try next(device).state != ["link": "50"] {}
        // An orderly end is told too.
        await store.close()
        #expect(try next("hubs/store-0042/state").state == ["state": "offline"])
    }

    /// A broker that has forgotten everything is told again, also when nothing happens.
    @Test func stateAfterReconnect() async throws {
        let broker = try Mosquitto(scratch)
        let store = try await open()
        var settings = settings(broker)
        settings.limits.keepAlive = .seconds(2)
        store.states.set("devices/a/state", Array(#"{"n":"1"}"#.utf8))
        store.states.set("devices/b/state", Array(#"{"n":"2"}"#.utf8))
        try await store.deliver(to: [.mqtt(settings)])
        let first = try Subscriber(broker.port, ["hubs/#"], client: "first")
        var states: [String: [String: String]] = [:]
        while states.count < 3 {
            let message = try first.next()
            states[message.topic] = message.state
        }
        broker.kill()
        // What was taken back meanwhile is gone there as well.
        store.states.set("devices/b/state", nil)
        store.states.set("devices/c/state", Array(#"{"n":"3"}"#.utf8))
        try broker.start()
        let watch = try Subscriber(broker.port, ["hubs/#"], client: "second")
        states = [:]
        while states.count < 3 {
            let message = try watch.next { !$0.payload.isEmpty }
            states[message.topic] = message.state
        }
        #expect(states["hubs/store-0042/devices/a/state"] == ["n": "1"])
        #expect(states["hubs/store-0042/devices/c/state"] == ["n": "3"])
        #expect(states["hubs/store-0042/state"]?["state"] == "online")
        await store.close()
    }

    /// As many as there can be, each as long as many are.
    @Test func manyStates() async throws {
        let broker = try Mosquitto(scratch)
        try Subscriber.leaveSession(broker.port, "hubs/+/events")
        let watch = try Subscriber(broker.port, ["hubs/+/devices/+/state"])
        let store = try await open()
        let text = String(repeating: "x", count: 2_000)
        for number in 1...StateBoard.mostTopics {
            store.states.set("devices/\(number)/state", Array(#"{"x":"\#(text)"}"#.utf8))
        }
        try await store.deliver(to: [.mqtt(settings(broker))])
        _ = try await store.append(events(1...500))
        var topics: Set<String> = []
        while topics.count < StateBoard.mostTopics { topics.insert(try watch.next().topic) }
        try await delivered(store)
        await store.close()
    }

    private func watchStates(_ broker: Mosquitto, _ filter: String) throws -> Subscriber {
        try Subscriber(broker.port, [filter], client: "states")
    }

    /// Another name for the hub: at the same topic offline comes first, and online stays.
    @Test func stateUnderAnotherClientID() async throws {
        let broker = try Mosquitto(scratch)
        let watch = try watchStates(broker, "hubs/+/state")
        let store = try await open()
        for round in 0..<20 {
            var settings = settings(broker)
            settings.clientID = "hub-\(round)"
            // Another topic is another sink, too.
            settings.topic += "/\(round / 2)"
            try await store.deliver(to: [.mqtt(settings)])
            if round > 0 { #expect(try watch.next().state == ["state": "offline"]) }
            #expect(try watch.next().state?["state"] == "online")
        }
        await store.close()
        #expect(try watch.next().state == ["state": "offline"])
        #expect(try watch.rest().isEmpty)
    }

    /// At a topic that is given up nothing stays behind, of the hub nor of its devices.
    @Test func stateThatIsGivenUp() async throws {
        let broker = try Mosquitto(scratch)
        let watch = try watchStates(broker, "#")
        func expect(_ topic: String, isThere: Bool) throws {
            let message = try watch.next { $0.topic == topic }
            #expect(message.payload.isEmpty != isThere && message.retained, "\(message)")
        }
        let store = try await open()
        #expect(store.states.set("devices/bp-7/state", Array(#"{"link":"idle"}"#.utf8)))
        var settings = settings(broker)
        try await store.deliver(to: [.mqtt(settings)])
        try expect("hubs/store-0042/state", isThere: true)
        try expect("hubs/store-0042/devices/bp-7/state", isThere: true)
        // The devices stay where they are.
        settings.stateTopic = "hubs/{hub}/here"
        try await store.deliver(to: [.mqtt(settings)])
        try expect("hubs/store-0042/state", isThere: false)
        try expect("hubs/store-0042/here", isThere: true)
        try expect("hubs/store-0042/devices/bp-7/state", isThere: true)
        settings.stateTopic = "shops/{hub}/state"
        try await store.deliver(to: [.mqtt(settings)])
        try expect("hubs/store-0042/here", isThere: false)
        try expect("hubs/store-0042/devices/bp-7/state", isThere: false)
        try expect("shops/store-0042/state", isThere: true)
        try expect("shops/store-0042/devices/bp-7/state", isThere: true)
        // One of two at the same topic says nothing, and the last takes all away.
        var second = settings
        second.topic += "/more"
        second.clientID = "second"
        try await store.deliver(to: [.mqtt(settings), .mqtt(second)])
        try expect("shops/store-0042/state", isThere: true)
        try await store.deliver(to: [.mqtt(second)])
        try await store.deliver(to: [])
        try expect("shops/store-0042/state", isThere: false)
        try expect("shops/store-0042/devices/bp-7/state", isThere: false)
        await store.close()
        #expect(try watch.rest().isEmpty)
    }

    @Test func noState() async throws {
        let broker = try Mosquitto(scratch)
        let watch = try Subscriber(broker.port, ["#"])
        let store = try await open()
        store.states.set("devices/a/state", Array("{}".utf8))
        var settings = settings(broker)
        settings.stateTopic = nil
        try await store.deliver(to: [.mqtt(settings)])
        _ = try await store.append([.test(1)])
        #expect(try watch.next().event?.sequence == 1)
        try await delivered(store)
        await store.close()
        #expect(try watch.rest().isEmpty)
    }

    // MARK: Who may

    @Test func passwords() async throws {
        let secret = "correct horse"
        let outcome = try Rig.run(
            "mosquitto_passwd", ["-b", "-c", scratch.file("passwords"), "hub", secret])
        try #require(outcome.status == 0, "\(outcome.output)")
        let broker = try Mosquitto(scratch, ["password_file \(scratch.file("passwords"))"])
        try Subscriber.leaveSession(
            broker.port, environment: ["WATCH_USER": "hub", "WATCH_PASSWORD": secret])
        let store = try await open()
        var settings = settings(broker)
        settings.username = "hub"
        settings.passwordFile = scratch.file("password")
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings)])
        #expect(try await fault(store)?.code == .secret)
        try scratch.write(Array("wrong\n".utf8), to: "password")
        try await until { await store.status().sinks.first?.fault?.code == .denied }
        #expect(await store.status().sinks.first?.fault?.text.contains("passwordFile") == true)
        // It is read again with each try.
        try scratch.write(Array((secret + "\n").utf8), to: "password")
        try await delivered(store)
        await store.close()
    }

    /// The broker lets the hub publish some types only: those it does not are set aside, and the
    /// others go on.
    @Test func accessList() async throws {
        try scratch.write(
            Array("topic readwrite hubs/store-0042/events/org.hubd.a.v1\n".utf8), to: "acl")
        let broker = try Mosquitto(
            scratch, ["allow_anonymous true", "acl_file \(scratch.file("acl"))"])
        try Subscriber.leaveSession(broker.port)
        let store = try await open()
        var settings = settings(broker)
        settings.topic = "hubs/{hub}/events/{type}"
        settings.stateTopic = nil
        var other = Event.test(3)
        other.type = "org.hubd.b.v1"
        let list = [1, 2, 4, 5].map { number in
            var event = Event.test(number)
            event.type = "org.hubd.a.v1"
            return event
        }
        _ = try await store.append(list[..<2] + [other] + list[2...])
        try await store.deliver(to: [.mqtt(settings)])
        try await delivered(store)
        #expect(try await store.rejected().map(\.event.number) == [3])
        #expect(try await store.rejected().first?.reason.contains("not authorized (0x87)") == true)
        await store.close()
    }
}

@Suite("No broker gets a byte that is not who it should be", .timeLimit(.minutes(3)))
struct MosquittoTLSTests {
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

    private func broker(
        _ name: String = "valid", _ lines: [String] = []
    ) throws -> Mosquitto {
        try Mosquitto(
            scratch,
            [
                "allow_anonymous true", "certfile \(scratch.file(name + ".crt"))",
                "keyfile \(scratch.file(name + ".key"))",
            ] + lines)
    }

    private func settings(_ port: some CustomStringConvertible) -> MQTTSinkSettings {
        var settings = MQTTSinkSettings(
            url: "mqtts://localhost:\(port)", topic: "events", caFile: scratch.file("ca.pem"))
        settings.limits.connect = .seconds(5)
        return settings
    }

    private func fault(_ store: Store) async throws -> SinkFault? {
        try await until { await store.status().sinks.first?.fault != nil }
        return await store.status().sinks.first?.fault
    }

    @Test(arguments: ["tlsv1.2", "tlsv1.3"])
    func aGoodBroker(version: String) async throws {
        let store = try await open()
        let broker = try broker("valid", ["tls_version \(version)"])
        try Subscriber.leaveSession(
            broker.port, environment: ["WATCH_CA": scratch.file("ca.pem")])
        _ = try await store.append((1...300).map { .test($0, padding: 1_000) })
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await until { await store.status().sinks.first?.depth == 0 }
        await store.close()
    }

    /// Each fault has its name; the broker gets no CONNECT.
    @Test(arguments: [
        ("unknown.pem", SinkFault.Code.untrustedAuthority), ("othername.pem", .wrongName),
        ("expired.pem", .expired),
    ])
    func wrongCertificates(file: String, code: SinkFault.Code) async throws {
        let store = try await open()
        let broker = try FaultBroker(["good"], certificate: scratch.file(file))
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try await fault(store)?.code == code)
        #expect(await store.status().sinks.first?.cursor == 0)
        await store.close()
        #expect(!(try broker.rest().contains { $0.connect != nil }))
    }

    @Test func otherFaults() async throws {
        let store = try await open()
        let plain = try FaultBroker(["good"])
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings(plain.port))])
        #expect(try await fault(store)?.code == .noTLS)
        // Port 1 (tcpmux) is nobody's.
        try await store.deliver(to: [.mqtt(settings(1))])
        #expect(try await fault(store)?.code == .refused)
        // RFC 6761, §6.4: the name is never found.
        try await store.deliver(to: [
            .mqtt(MQTTSinkSettings(url: "mqtts://hub.invalid", topic: "events"))
        ])
        #expect(try await fault(store)?.code == .nameNotFound)
        var missing = settings(plain.port)
        missing.caFile = scratch.file("missing.pem")
        try await store.deliver(to: [.mqtt(missing)])
        #expect(try await fault(store)?.code == .authorities)
        await store.close()
        #expect(!(try plain.rest().contains { $0.connect != nil }))
    }

    private func expectCertificateFault(_ store: Store) async throws {
        let fault = try await fault(store)
        #expect(fault?.code == .clientCertificate, "\(fault?.text ?? "")")
    }

    @Test(arguments: ["tlsv1.2", "tlsv1.3"])
    func clientCertificates(version: String) async throws {
        let store = try await open()
        let broker = try broker(
            "valid",
            [
                "cafile \(scratch.file("ca.pem"))", "require_certificate true",
                "tls_version \(version)",
            ])
        try Subscriber.leaveSession(
            broker.port,
            environment: [
                "WATCH_CA": scratch.file("ca.pem"), "WATCH_CERT": scratch.file("valid.crt"),
                "WATCH_KEY": scratch.file("valid.key"),
            ])
        _ = try await store.append([.test(1)])
        var settings = settings(broker.port)
        // None, one that is not there, one whose authority the broker does not know, a good one.
        try await store.deliver(to: [.mqtt(settings)])
        try await expectCertificateFault(store)
        settings.certFile = scratch.file("missing.crt")
        settings.keyFile = scratch.file("valid.key")
        try await store.deliver(to: [.mqtt(settings)])
        try await expectCertificateFault(store)
        #expect(await store.status().sinks.first?.fault?.text.contains("is missing") == true)
        settings.certFile = scratch.file("unknown.crt")
        settings.keyFile = scratch.file("unknown.key")
        try await store.deliver(to: [.mqtt(settings)])
        try await expectCertificateFault(store)
        settings.keyFile = scratch.file("valid.key")
        try await store.deliver(to: [.mqtt(settings)])
        try await expectCertificateFault(store)
        settings.certFile = scratch.file("valid.crt")
        try await store.deliver(to: [.mqtt(settings)])
        try await until { await store.status().sinks.first?.depth == 0 }
        await store.close()
    }
}
