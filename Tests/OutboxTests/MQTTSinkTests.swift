import Foundation
import Testing

@testable import Outbox

@Suite("Each event is a message that the broker has acknowledged", .timeLimit(.minutes(3)))
struct MQTTSinkTests {
    let scratch = Scratch()

    private func open() async throws -> Store {
        var settings = StoreSettings.test(scratch)
        settings.backoff.base = .milliseconds(10)
        settings.backoff.cap = .milliseconds(20)
        return try await Store.open(settings)
    }

    private func settings(_ port: String) -> MQTTSinkSettings {
        MQTTSinkSettings(
            url: "mqtt://127.0.0.1:\(port)", topic: "hubs/{hub}/events/{type}",
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

    // MARK: What is sent

    @Test func aMessage() async throws {
        let broker = try FaultBroker(["good"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        let connect = try #require(try broker.next { $0.connect != nil }.connect)
        #expect(connect.version == 5)
        #expect(!connect.clean)
        #expect(connect.keepAlive == 60)
        #expect(connect.client == "hubd-store-0042")
        #expect(connect.will?.topic == "hubs/store-0042/state")
        #expect(connect.will?.payload == #"{"state":"offline"}"#)
        #expect(connect.will?.retained == true)
        // Session Expiry Interval and Maximum Packet Size.
        #expect(connect.properties["17"] == .number(7 * 86_400))
        #expect(connect.properties["39"] == .number(16_384))
        let message = try broker.event()
        let event = try #require(message.event)
        #expect(message.topic == "hubs/store-0042/events/org.hubd.measurement.recorded.v1")
        #expect(message.qos == 1)
        #expect(!message.retained)
        #expect(!message.duplicate)
        #expect(message.properties["3"] == .text("application/cloudevents+json"))
        #expect(message.properties["1"] == .number(1))
        #expect(message.properties["id"] == .text(event.id))
        #expect(message.properties["sequence"] == .text("1"))
        #expect(event.sequence == 1)
        try await delivered(store)
        await store.close()
        _ = try broker.next { $0.bye == true }
    }

    /// A broker that knows no MQTT 5, whether it says so or hangs up.
    @Test(arguments: ["old", "older"])
    func olderBrokers(behaviour: String) async throws {
        let broker = try FaultBroker([behaviour])
        let store = try await open()
        _ = try await store.append(events(1...50))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try broker.next { $0.connect != nil }.connect?.version == 5)
        #expect(try broker.next { $0.connect != nil }.connect?.version == 4)
        for number in 1...50 {
            let message = try broker.event()
            #expect(message.event?.sequence == number)
            #expect(message.properties.isEmpty)
        }
        try await delivered(store)
        await store.close()
    }

    @Test func receiveMaximum() async throws {
        let broker = try FaultBroker(["window:7"])
        let store = try await open()
        _ = try await store.append(events(1...100))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await delivered(store)
        await store.close()
        let lines = try broker.rest()
        #expect(!lines.contains { $0.broken != nil })
        #expect(lines.compactMap(\.waiting).max() == 7)
        #expect(lines.compactMap { $0.publish?.event?.sequence } == Array(1...100))
    }

    @Test func exactlyOnce() async throws {
        let broker = try FaultBroker(["good"])
        let store = try await open()
        _ = try await store.append(events(1...20))
        var settings = settings(broker.port)
        settings.isExactlyOnce = true
        try await store.deliver(to: [.mqtt(settings)])
        // What a process before this one had under way is nothing to this one.
        #expect(try broker.next { $0.connect != nil }.connect?.clean == true)
        try await delivered(store)
        await store.close()
        let messages = try broker.rest().compactMap(\.publish).filter { $0.qos > 0 }
        #expect(messages.compactMap(\.event?.sequence) == Array(1...20))
        #expect(messages.allSatisfy { $0.qos == 2 })
    }

    // MARK: What brokers answer

    /// Reason codes that are nobody's fault for long: the event waits, and is sent again.
    @Test(arguments: [(0x97, SinkFault.Code.throttled), (0x80, .serverError), (0x83, .serverError)])
    func reasonsToWait(code: Int, fault: SinkFault.Code) async throws {
        let broker = try FaultBroker(["ack:\(code)"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try await self.fault(store)?.code == fault)
        for _ in 1...6 { #expect(try broker.event().event?.sequence == 1) }
        #expect(await store.status().rejected == 0)
        await store.close()
    }

    /// The fault of one event: it is found, and set aside, and the others go on.
    @Test(arguments: [0x80, 0x83, 0x99, 0x90, 0x95])
    func poison(code: Int) async throws {
        let broker = try FaultBroker(["poison:13:\(code)"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await delivered(store)
        let rejected = try await store.rejected()
        #expect(rejected.map(\.event.number) == [13])
        #expect(
            rejected.first?.reason.contains("127.0.0.1 does not take an event for hubs/") == true)
        await store.close()
        // Those the broker had already are not sent again beside the guilty one.
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(Set(sequences) == Set(1...40))
        #expect(sequences.filter { $0 != 13 }.count == 39)
    }

    /// A broker that ends the connection instead of naming the event: found all the same.
    @Test(arguments: [0x80, 0x81, 0x82, 0x83, 0x99])
    func poisonThatEndsTheConnection(code: Int) async throws {
        let broker = try FaultBroker(["leave:13:\(code)"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await delivered(store)
        #expect(try await store.rejected().map(\.event.number) == [13])
        await store.close()
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(Set(sequences) == Set(1...40))
    }

    /// Alone in the queue an event may be innocent; the next one tells.
    @Test(arguments: [0x80, 0x83])
    func poisonIsFoundWhenAnotherEventComes(code: Int) async throws {
        let broker = try FaultBroker(["poison:1:\(code)"])
        let store = try await open()
        _ = try await store.append([.test(1)])
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        for _ in 1...5 { #expect(try broker.event().event?.sequence == 1) }
        #expect(await store.status().rejected == 0)
        _ = try await store.append(events(2...3))
        try await delivered(store)
        #expect(try await store.rejected().map(\.event.number) == [1])
        await store.close()
    }

    /// MQTT 5.0, §3.4.2.1: the broker took it and had nobody to give it to, so it is gone there.
    @Test(arguments: [1, 2])
    func nobodySubscribes(qos: Int) async throws {
        let broker = try FaultBroker(["ack:0x10", "good"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        var settings = settings(broker.port)
        settings.isExactlyOnce = qos == 2
        try await store.deliver(to: [.mqtt(settings)])
        let fault = try #require(try await fault(store))
        #expect(fault.text.contains("no subscriber for hubs/store-0042/events/"), "\(fault)")
        #expect(fault.text.contains("with a session that stays"), "\(fault)")
        #expect(await store.status().sinks.first?.depth == 40)
        #expect(await store.status().rejected == 0)
        await store.close()
    }

    /// One topic that nobody wants holds the sink, and takes nothing away.
    @Test func nobodySubscribesToOneOfThem() async throws {
        let broker = try FaultBroker(["poison:13:0x10"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try await fault(store)?.text.contains("no subscriber") == true)
        for _ in 1...5 { _ = try broker.next { $0.publish?.event?.data.n == 13 } }
        #expect(await store.status().sinks.first?.depth == 40)
        #expect(await store.status().rejected == 0)
        await store.close()
    }

    @Test func notAuthorized() async throws {
        let broker = try FaultBroker(["ack:0x87"])
        let store = try await open()
        _ = try await store.append(events(1...5))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try await fault(store)?.code == .denied)
        for _ in 1...10 { _ = try broker.event() }
        #expect(await store.status().rejected == 0)
        #expect(await store.status().sinks.first?.cursor == 0)
        await store.close()
    }

    @Test(arguments: [
        (0x86, SinkFault.Code.denied), (0x87, .denied), (0x8a, .denied), (0x85, .setting),
        (0x88, .throttled), (0x89, .throttled), (0x9a, .setting), (0x80, .serverError),
        (0x9d, .serverError),
    ])
    func connectionsNotTaken(code: Int, fault: SinkFault.Code) async throws {
        let broker = try FaultBroker(["answer:\(code)"])
        let store = try await open()
        // Also told when there is nothing to deliver.
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        #expect(try await self.fault(store)?.code == fault)
        await store.close()
        // No second try with an older version: the broker knows this one.
        #expect(!(try broker.rest().contains { $0.connect?.version == 4 }))
    }

    @Test(arguments: [
        ("answer:0x86", SinkFault.Code.denied, "bad user name or password (0x86)"),
        ("say:0x8e", .denied, "give each its own clientId"),
        ("say:0x97", .throttled, "quota exceeded (0x97)"),
        ("say:0x8b", .serverError, "server shutting down (0x8b)"),
        ("say:0x87", .denied, "not authorized (0x87)"),
        ("qos:0", .setting, "serves QoS up to 0"),
        ("garbage", .notMQTT, "does not speak MQTT"),
        ("again", .notMQTT, "a second CONNACK"),
        ("huge", .notMQTT, "a packet of 104857600 bytes"),
        ("strange", .notMQTT, "answers what was never asked"),
        ("unasked", .notMQTT, "a packet of kind 3"),
        ("close", .reset, "cut the connection off"),
        ("hangup:0", .reset, "cut the connection off"),
        ("half", .timeout, "no answer to CONNECT"), ("drip", .timeout, "no answer to CONNECT"),
        ("hang", .timeout, "no answer to CONNECT"), ("silent", .timeout, "are not acknowledged"),
    ])
    func faults(behaviour: String, code: SinkFault.Code, text: String) async throws {
        let broker = try FaultBroker([behaviour])
        let store = try await open()
        _ = try await store.append(events(1...3))
        var settings = settings(broker.port)
        settings.limits.connect = .milliseconds(400)
        settings.limits.whole = .milliseconds(600)
        try await store.deliver(to: [.mqtt(settings)])
        let fault = try #require(try await fault(store))
        #expect(fault.code == code, "\(fault)")
        #expect(fault.text.contains(text), "\(fault)")
        #expect(await store.status().sinks.first?.cursor == 0)
        await store.close(within: .milliseconds(100))
    }

    /// An event that no packet of the broker's size holds is not sent, and holds nobody up.
    @Test func tooLarge() async throws {
        let broker = try FaultBroker(["largest:2000"])
        let store = try await open()
        _ = try await store.append([.test(1), .test(2, padding: 3_000), .test(3)])
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await delivered(store)
        #expect(try await store.rejected().map(\.event.number) == [2])
        await store.close()
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(sequences == [1, 3])
    }

    /// A connection that breaks within a batch: all of it that is not noted comes again, marked.
    @Test func brokenWithinABatch() async throws {
        let broker = try FaultBroker(["hangup:10", "hangup:10", "good"])
        let store = try await open()
        _ = try await store.append(events(1...30))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        try await delivered(store)
        await store.close()
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(Array(sequences.suffix(30)) == Array(1...30))
    }

    // MARK: Between deliveries

    /// The broker is told in time that the hub is there.
    @Test(arguments: ["good", "late"])
    func pings(behaviour: String) async throws {
        let broker = try FaultBroker([behaviour])
        let store = try await open()
        var settings = settings(broker.port)
        settings.limits.keepAlive = .seconds(2)
        try await store.deliver(to: [.mqtt(settings)])
        for _ in 1...3 {
            #expect(try broker.next { $0.ping == true || $0.ended == true }.ping == true)
        }
        await store.close()
        // The one connection there was ended with a farewell.
        #expect(try broker.next { $0.bye == true || $0.ended == true }.bye == true)
    }

    /// Also while a batch is under way that the broker takes long for (MQTT 5.0, §3.1.2.10).
    @Test func pingsWithinABatch() async throws {
        let broker = try FaultBroker(["patient"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        var settings = settings(broker.port)
        settings.limits.whole = .seconds(10)
        try await store.deliver(to: [.mqtt(settings)])
        _ = try broker.next { $0.publish?.event?.sequence == 40 }
        #expect(try broker.next { $0.ping == true || $0.ended == true }.ping == true)
        try await delivered(store)
        await store.close()
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(sequences.isEmpty)
    }

    /// An end within a batch is an orderly one for the broker: no will that comes later.
    @Test func theEndWithinABatch() async throws {
        let broker = try FaultBroker(["silent"])
        let store = try await open()
        _ = try await store.append(events(1...40))
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        _ = try broker.next { $0.publish?.event?.sequence == 40 }
        await store.close(within: .milliseconds(100))
        let last = try broker.next { $0.publish?.state == ["state": "offline"] || $0.ended == true }
        #expect(last.ended == nil)
        #expect(try broker.next { $0.bye == true || $0.ended == true }.bye == true)
    }

    /// A broker that does not answer is left, told of, and tried again, with nothing to deliver.
    @Test func muteBroker() async throws {
        let broker = try FaultBroker(["mute", "good"])
        let store = try await open()
        var settings = settings(broker.port)
        settings.limits.keepAlive = .seconds(2)
        try await store.deliver(to: [.mqtt(settings)])
        _ = try broker.next { $0.behaviour == "mute" && $0.ended == true }
        _ = try broker.next { $0.behaviour == "good" && $0.connect != nil }
        try await until { await store.status().sinks.first?.fault == nil }
        await store.close()
    }

    /// A broker that went away since the last delivery is no fault: the event goes over another
    /// connection.
    @Test func aConnectionThatWasLost() async throws {
        let broker = try FaultBroker(["hangup:1", "good"])
        let store = try await open()
        try await store.deliver(to: [.mqtt(settings(broker.port))])
        for number in 1...2 {
            _ = try await store.append([.test(number)])
            try await delivered(store)
        }
        await store.close()
        let sequences = try broker.rest().compactMap { $0.publish?.event?.sequence }
        #expect(sequences == [1, 2, 2])
    }

    /// One broker that hangs holds up nobody else, and not the end either.
    @Test func aDeadBrokerHoldsUpNobody() async throws {
        let broker = try FaultBroker(["hang"])
        let store = try await open()
        try await store.deliver(to: [
            .mqtt(settings(broker.port)),
            .file(FileSinkSettings(path: scratch.file("events.jsonl"))),
        ])
        _ = try await store.append(events(1...100))
        try await until { await store.status().sinks[1].depth == 0 }
        #expect(scratch.lines("events.jsonl").count == 100)
        #expect(await store.status().sinks[0].depth == 100)
        await store.close(within: .milliseconds(100))
        #expect(store.health.state == .closed)
    }

    @Test(arguments: [
        "mqtt://example.com", "mqtt://127.0.0.1.example.com", "http://localhost/", "mqtts://",
        "mqtts://user:password@example.com", "", "mqtts://a b", "mqtts://broker.example/path",
        "mqtts://broker.example:99999",
    ])
    func addressesThatAreRefused(url: String) {
        #expect(throws: SinkFault.self) { try BrokerAddress(url) }
    }

    @Test(arguments: [
        ("mqtts://broker.example", "https://broker.example:8883/"),
        ("mqtts://broker.example:1234/", "https://broker.example:1234/"),
        ("mqtt://localhost", "http://localhost:1883/"), ("mqtt://[::1]", "http://[::1]:1883/"),
        ("mqtt://[::1]:99", "http://[::1]:99/"),
    ])
    func addressesThatAreTaken(url: String, place: String) throws {
        #expect(try BrokerAddress(url).endpoint.url == place)
    }
}
