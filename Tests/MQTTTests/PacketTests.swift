import TestSupport
import Testing

@testable import MQTT

/// Reads all packets of a stream.
private func packets(
    _ bytes: [UInt8], _ version: Version = .v5
) throws(ProtocolFault) -> [ServerPacket] {
    var reader = PacketReader(version: version)
    reader.append(bytes.span)
    var list: [ServerPacket] = []
    while let packet = try reader.next() { list.append(packet) }
    return list
}

/// Hand-made from the tables of MQTT 5.0 and 3.1.1; the sections stand with them.
@Suite("What a broker sends is understood or refused, and never traps")
struct ServerPacketTests {
    /// §3.2: session present; Receive Maximum 20, Maximum QoS 1, no retain, Maximum Packet Size
    /// 4096, Server Keep Alive 30, a reason, a user property, Assigned Client Identifier.
    static let connected: [UInt8] =
        [
            0x20, 0x2b, 0x01, 0x00, 0x28, 0x21, 0x00, 0x14, 0x24, 0x01, 0x25, 0x00, 0x27, 0x00,
            0x00,
            0x10, 0x00, 0x13, 0x00, 0x1e,
        ] + [0x1f, 0x00, 0x05] + Array("hello".utf8) + [0x26, 0x00, 0x01] + Array("a".utf8)
        + [0x00, 0x02] + Array("bc".utf8) + [0x12, 0x00, 0x06] + Array("client".utf8)

    @Test func connectAnswer() throws {
        guard case .connected(let answer)? = try packets(Self.connected).first else {
            Issue.record("no CONNACK")
            return
        }
        #expect(answer.isSessionPresent)
        #expect(answer.reason == .success)
        #expect(answer.receiveMaximum == 20)
        #expect(answer.maximumQoS == .atLeastOnce)
        #expect(!answer.isRetainAvailable)
        #expect(answer.maximumPacketSize == 4_096)
        #expect(answer.keepAlive == 30)
        #expect(answer.text == "hello")
    }

    @Test func connectAnswerWithoutAWord() throws {
        guard case .connected(let answer)? = try packets([0x20, 3, 0, 0x87, 0]).first else {
            Issue.record("no CONNACK")
            return
        }
        #expect(answer.reason == .notAuthorized)
        #expect(answer.receiveMaximum == 65_535)
        #expect(answer.maximumQoS == .exactlyOnce)
        #expect(answer.isRetainAvailable)
        #expect(answer.keepAlive == nil)
    }

    /// MQTT 3.1.1, §3.2.2.3, and how such a broker refuses MQTT 5.
    @Test(
        arguments: [
            (1, ReasonCode.unsupportedVersion), (2, .clientIDNotValid), (3, .serverUnavailable),
            (4, .badUserNameOrPassword), (5, .notAuthorized), (77, .unspecified),
        ] as [(UInt8, ReasonCode)])
    func olderAnswers(code: UInt8, reason: ReasonCode) throws {
        for version in Version.allCases {
            guard case .connected(let answer)? = try packets([0x20, 2, 0, code], version).first
            else {
                Issue.record("no CONNACK")
                continue
            }
            #expect(answer.reason == reason)
        }
    }

    @Test func acknowledgements() throws {
        let bytes: [UInt8] =
            [0x40, 2, 0x12, 0x34] + [0x40, 3, 0, 1, 0x97] + [0x50, 4, 0, 2, 0x10, 0]
            + [0x70, 8, 0, 3, 0x92, 4, 0x1f, 0, 1, 0x6e]
        let list = try packets(bytes).compactMap { packet in
            if case .acknowledged(let answer) = packet { answer } else { nil }
        }
        #expect(list.map(\.id) == [0x1234, 1, 2, 3])
        #expect(list.map(\.stage) == [.published, .published, .received, .completed])
        #expect(list.map(\.reason.rawValue) == [0, 0x97, 0x10, 0x92])
        #expect(list.last?.text == "n")
    }

    @Test func otherPackets() throws {
        #expect(try packets([0xd0, 0]) == [.alive])
        #expect(try packets([0xe0, 0]) == [.disconnected(.success, text: "")])
        #expect(try packets([0xe0, 1, 0x8e]) == [.disconnected(.sessionTakenOver, text: "")])
        #expect(
            try packets([0xe0, 6, 0x97, 4, 0x1f, 0, 1, 0x78])
                == [.disconnected(.quotaExceeded, text: "x")])
    }

    /// Every way to break the rules ends the connection.
    @Test(
        arguments: [
            [0x20, 3, 2, 0, 0], [0x20, 1, 0], [0x20, 2, 0, 0], [0x20, 4, 0, 0, 0, 0],
            [0x21, 3, 0, 0, 0],
            [0x20, 4, 0, 0, 2, 0x21], [0x20, 6, 0, 0, 3, 0x21, 0, 0], [0x20, 5, 0, 0, 2, 0x24, 2],
            [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 0], [0x20, 5, 0, 0, 2, 0x7f, 0],
            [0x20, 7, 0, 0, 4, 0x1f, 0, 9, 0x61], [0x20, 4, 0, 0, 0x80, 0],
            [0x40, 2, 0, 0], [0x40, 1, 1], [0x40, 4, 0, 1, 0, 1], [0x42, 2, 0, 1], [0xd0, 1, 0],
            [0x30, 4, 0, 1, 0x74, 0], [0x00, 0], [0xff, 0xff, 0xff, 0xff, 0xff], [0xf0, 0],
            [0x62, 2, 0, 1],
            [0x40, 0x80, 0x80, 0x80, 0x80, 0x01],
        ] as [[UInt8]])
    func broken(bytes: [UInt8]) {
        #expect(throws: ProtocolFault.self) { try packets(bytes) }
    }

    @Test func brokenInTheOldVersion() {
        for bytes: [UInt8] in [[0x20, 3, 0, 0, 0], [0x40, 3, 0, 1, 0], [0xe0, 0], [0xe0, 1, 0]] {
            #expect(throws: ProtocolFault.self) { try packets(bytes, .v311) }
        }
    }

    /// The length alone is enough to refuse it: nothing is kept.
    @Test func tooLong() throws {
        var reader = PacketReader(version: .v5, longest: 16_384)
        reader.append(([0x30, 0xff, 0xff, 0xff, 0x7f] as [UInt8]).span)
        #expect(throws: ProtocolFault.tooLong(268_435_455)) { try reader.next() }
        var other = PacketReader(version: .v5, longest: 10)
        other.append(([0x40, 11] as [UInt8]).span)
        #expect(throws: ProtocolFault.tooLong(11)) { try other.next() }
    }

    /// However the bytes are cut, the packets are the same.
    @Test func pieces() throws {
        let bytes = Self.connected + [0x40, 2, 0, 1, 0xd0, 0] + [0xe0, 1, 0x8b]
        let whole = try packets(bytes)
        #expect(whole.count == 4)
        for size in 1...bytes.count {
            var reader = PacketReader(version: .v5)
            var list: [ServerPacket] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.append(Array(bytes[start..<min(start + size, bytes.count)]).span)
                while let packet = try reader.next() { list.append(packet) }
            }
            #expect(list == whole)
        }
    }

    @Test func neighbours() {
        for version in Version.allCases {
            for bytes in [
                Self.connected, [0x20, 2, 0, 1], [0x40, 8, 0, 3, 0x92, 4, 0x1f, 0, 1, 0x6e],
                [0xe0, 6, 0x97, 4, 0x1f, 0, 1, 0x78], [0xd0, 0],
            ] {
                ByteVerifier.neighbours(of: bytes) { _ = try? packets($0, version) }
            }
        }
    }
}

@Suite("What the client sends is what the standard says")
struct ClientPacketTests {
    /// MQTT 3.1.1, §3.1, Figure 3.6, and its will, user name and password.
    @Test func connect() {
        var connect = Connect(clientID: "hub")
        connect.isCleanStart = true
        connect.keepAlive = 10
        #expect(
            connect.packet(.v311)
                == [0x10, 15, 0, 4] + Array("MQTT".utf8) + [4, 0x02, 0, 10, 0, 3]
                + Array("hub".utf8))
        connect.isCleanStart = false
        connect.will = Connect.Will(topic: "t", payload: [0x77])
        connect.username = "u"
        connect.password = [0x70]
        #expect(
            connect.packet(.v311)
                == [0x10, 27, 0, 4] + Array("MQTT".utf8) + [4, 0xec, 0, 10, 0, 3]
                + Array("hub".utf8) + [0, 1, 0x74, 0, 1, 0x77, 0, 1, 0x75, 0, 1, 0x70])
        connect.sessionExpiry = 0x0102_0304
        connect.longestPacket = 4_096
        #expect(
            connect.packet(.v5)
                == [0x10, 41, 0, 4] + Array("MQTT".utf8) + [5, 0xec, 0, 10]
                + [10, 0x11, 1, 2, 3, 4, 0x27, 0, 0, 0x10, 0] + [0, 3] + Array("hub".utf8)
                + [2, 0x01, 1] + [0, 1, 0x74, 0, 1, 0x77, 0, 1, 0x75, 0, 1, 0x70])
    }

    @Test func publish() {
        var message = Message(
            topic: "a/b", payload: [0x7b, 0x7d], qos: .atLeastOnce, contentType: "x",
            properties: [("k", "v")])
        #expect(
            message.packet(.v311, id: 0x0102)
                == [0x32, 9, 0, 3] + Array("a/b".utf8) + [1, 2, 0x7b, 0x7d])
        #expect(
            message.packet(.v5, id: 10, isDuplicate: true)
                == [0x3a, 23, 0, 3] + Array("a/b".utf8) + [0, 10]
                + [13, 1, 1, 3, 0, 1, 0x78, 0x26, 0, 1, 0x6b, 0, 1, 0x76] + [0x7b, 0x7d])
        message.qos = .atMostOnce
        message.isRetained = true
        #expect(
            message.packet(.v311, id: 1, isDuplicate: true)
                == [0x31, 7, 0, 3] + Array("a/b".utf8) + [0x7b, 0x7d])
    }

    /// Lengths at the borders of §1.5.5, Table 1-1.
    @Test(
        arguments: [
            (127, [0x7f]), (128, [0x80, 0x01]), (16_383, [0xff, 0x7f]),
            (16_384, [0x80, 0x80, 0x01]),
            (2_097_151, [0xff, 0xff, 0x7f]), (2_097_152, [0x80, 0x80, 0x80, 0x01]),
        ] as [(Int, [UInt8])])
    func lengths(length: Int, bytes: [UInt8]) throws {
        let message = Message(
            topic: "t", payload: [UInt8](repeating: 0, count: length - 3), qos: .atMostOnce,
            contentType: "")
        let packet = try #require(message.packet(.v311))
        #expect(Array(packet[1..<1 + bytes.count]) == bytes)
        #expect(packet.count == 1 + bytes.count + length)
    }

    @Test func numbersOnly() {
        #expect(ClientPacket.ping == [0xc0, 0])
        #expect(ClientPacket.disconnect == [0xe0, 0])
        #expect(ClientPacket.release(0x1234) == [0x62, 2, 0x12, 0x34])
    }

    @Test func topics() {
        #expect(
            Topic.filled("hubs/{hub}/{type}/x", hub: "store-1", type: "org.hubd.a.v1")
                == "hubs/store-1/org.hubd.a.v1/x")
        #expect(Topic.filled("{hub}{hub}", hub: "a/+#b") == "a___ba___b")
        #expect(Topic.isValid("a/b"))
        for topic in ["", "a/+", "#", "a\0", String(repeating: "x", count: 65_536)] {
            #expect(!Topic.isValid(topic))
        }
    }
}

@Suite("A message that was subscribed to comes whole, and no other")
struct ReceivedMessageTests {
    private func packets(
        _ bytes: [UInt8], _ version: Version = .v5, longest: Int = 100_000
    ) throws(ProtocolFault) -> [ServerPacket] {
        var reader = PacketReader(version: version, longestMessage: longest)
        reader.append(bytes.span)
        var list: [ServerPacket] = []
        while let packet = try reader.next() { list.append(packet) }
        return list
    }

    /// §3.3: retained, QoS 1, Payload Format Indicator, Message Expiry, Content Type and two user
    /// properties.
    static let published: [UInt8] =
        [0x33, 37, 0, 3] + Array("a/b".utf8) + [
            0, 9, 25, 0x01, 1, 0x02, 0, 0, 0, 9, 0x03, 0, 1, 0x74,
        ]
        + [0x26, 0, 1, 0x6b, 0, 1, 0x76, 0x26, 0, 1, 0x6c, 0, 1, 0x77] + Array("text".utf8)

    @Test func everything() throws {
        guard case .message(let message)? = try packets(Self.published).first else {
            Issue.record("no PUBLISH")
            return
        }
        #expect(message.topic == "a/b" && message.id == 9 && message.isRetained)
        #expect(message.payload == Array("text".utf8))
        #expect(
            message.properties == [.init(name: "k", value: "v"), .init(name: "l", value: "w")])
    }

    @Test func theLeast() throws {
        for (version, bytes) in [
            (Version.v311, [0x30, 3, 0, 1, 0x74] as [UInt8]), (.v5, [0x30, 4, 0, 1, 0x74, 0]),
        ] {
            guard case .message(let message)? = try packets(bytes, version).first else {
                Issue.record("no PUBLISH")
                return
            }
            #expect(message.topic == "t" && message.id == nil && !message.isRetained)
            #expect(message.payload.isEmpty && message.properties.isEmpty)
        }
    }

    @Test func answers() throws {
        for (version, bytes) in [
            (Version.v311, [0x90, 3, 0, 7, 1] as [UInt8]), (.v5, [0x90, 4, 0, 7, 0, 1]),
        ] {
            guard case .subscribed(let answer)? = try packets(bytes, version).first else {
                Issue.record("no SUBACK")
                return
            }
            #expect(answer.id == 7 && !answer.reason.isFailure)
        }
        guard
            case .subscribed(let answer)? = try packets([0x90, 8, 0, 7, 4, 0x1f, 0, 1, 0x6e, 0x87])
                .first
        else {
            Issue.record("no SUBACK")
            return
        }
        #expect(answer.reason == .notAuthorized && answer.text == "n")
    }

    /// QoS 2 and 3, a duplicate of QoS 0, no topic, wildcards, identifier 0, a topic alias, an
    /// unknown property, properties beyond the end, half of fields; SUBACK for two topics, for
    /// nothing, with a level that is none.
    @Test(
        arguments: [
            [0x34, 6, 0, 1, 0x74, 0, 1, 0], [0x36, 6, 0, 1, 0x74, 0, 1, 0],
            [0x38, 4, 0, 1, 0x74, 0], [0x30, 3, 0, 0, 0], [0x30, 4, 0, 1, 0x23, 0],
            [0x32, 6, 0, 1, 0x74, 0, 0, 0], [0x30, 7, 0, 1, 0x74, 3, 0x23, 0, 1],
            [0x30, 5, 0, 1, 0x74, 1, 0x7f], [0x30, 5, 0, 1, 0x74, 2, 0x01], [0x30, 2, 0, 9],
            [0x90, 5, 0, 7, 0, 1, 1], [0x90, 3, 0, 7, 0], [0x90, 4, 0, 7, 0, 3],
            [0x90, 4, 0, 0, 0, 1], [0x91, 4, 0, 7, 0, 1], [0xa0, 2, 0, 1],
        ] as [[UInt8]])
    func broken(bytes: [UInt8]) {
        #expect(throws: ProtocolFault.self) { try packets(bytes) }
    }

    /// A message may be long, as long as was said, and is refused by its length alone; everything
    /// else is as short as ever. Who subscribes to nothing gets none.
    @Test func limits() throws {
        let body = [0, 1, 0x74, 0] + [UInt8](repeating: 0x78, count: 49_996)
        let long: [UInt8] = [0x30, 0xd0, 0x86, 0x03] + body
        #expect(try packets(long).count == 1)
        #expect(throws: ProtocolFault.messageTooLong(50_000)) {
            try packets(Array(long.prefix(4)), longest: 49_999)
        }
        for kind: UInt8 in [0x20, 0x40, 0x90, 0xe0] {
            #expect(throws: ProtocolFault.tooLong(50_000)) {
                try packets([kind, 0xd0, 0x86, 0x03])
            }
        }
        for bytes in [[0x30, 4, 0, 1, 0x74, 0], [0x90, 4, 0, 7, 0, 1]] as [[UInt8]] {
            var reader = PacketReader(version: .v5)
            reader.append(bytes.span)
            #expect(throws: ProtocolFault.unexpected(bytes[0] >> 4)) { try reader.next() }
        }
    }

    @Test func everyPrefixAndEveryChangedByteIsAnswered() throws {
        for count in Self.published.indices {
            #expect(try packets(Array(Self.published.prefix(count))).isEmpty)
        }
        for bytes in [Self.published, [0x90, 8, 0, 7, 4, 0x1f, 0, 1, 0x6e, 0x87]] {
            for version in Version.allCases {
                ByteVerifier.neighbours(of: bytes) { _ = try? packets($0, version) }
            }
        }
    }

    @Test func whatAClientSays() {
        #expect(
            ClientPacket.subscribe(to: "a/b", id: 0x1234, .v5)
                == [0x82, 9, 0x12, 0x34, 0, 0, 3] + Array("a/b".utf8) + [1])
        #expect(
            ClientPacket.subscribe(to: "a", id: 1, .v311) == [0x82, 6, 0, 1, 0, 1, 0x61, 1])
        #expect(ClientPacket.acknowledge(9) == [0x40, 2, 0, 9])
        var connect = Connect(clientID: "h")
        connect.longestPacket = nil
        // Session Expiry Interval alone.
        #expect(connect.packet(.v5)[12...].prefix(6) == [5, 0x11, 0, 0, 0, 0])
    }
}

@Suite("A message keeps its identifier until the broker has it")
struct OutgoingSessionTests {
    private func answer(
        _ stage: Acknowledgement.Stage, _ id: UInt16, _ reason: UInt8 = 0
    ) throws -> Acknowledgement {
        let body: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xff), reason]
        return try Acknowledgement(stage, body.span, .v5)
    }

    @Test func atLeastOnce() throws {
        var session = OutgoingSession(qos: .atLeastOnce, window: 2)
        #expect(session.begin(70) == .publish(1))
        #expect(session.begin(71) == .publish(2))
        #expect(!session.hasRoom)
        #expect(session.received(try answer(.published, 3)) == .unknown)
        #expect(session.received(try answer(.received, 1)) == .unknown)
        #expect(session.received(try answer(.completed, 1)) == .unknown)
        #expect(session.received(try answer(.published, 2)) == .ended(tag: 71, .success))
        #expect(session.received(try answer(.published, 2)) == .unknown)
        #expect(session.hasRoom)
        // The same identifier again, over another connection.
        session.connected(isKept: true, window: 1)
        #expect(session.received(try answer(.published, 1)) == .unknown)
        #expect(session.begin(70) == .again(1))
        #expect(!session.hasRoom)
        #expect(
            session.received(try answer(.published, 1, 0x97)) == .ended(tag: 70, .quotaExceeded))
        // A broker that has forgotten: so do we.
        #expect(session.begin(72) == .publish(3))
        session.connected(isKept: false, window: 5)
        #expect(session.tags.isEmpty)
        #expect(session.begin(72) == .publish(4))
    }

    @Test func exactlyOnce() throws {
        var session = OutgoingSession(qos: .exactlyOnce, window: 10)
        #expect(session.begin(1) == .publish(1))
        #expect(session.begin(2) == .publish(2))
        #expect(session.received(try answer(.published, 1)) == .unknown)
        #expect(session.received(try answer(.received, 1)) == .release(1))
        #expect(session.received(try answer(.received, 1)) == .release(1))
        #expect(session.received(try answer(.received, 2, 0x87)) == .ended(tag: 2, .notAuthorized))
        session.connected(isKept: true, window: 10)
        #expect(session.begin(1) == .release(1))
        #expect(session.received(try answer(.completed, 1, 0x92)) == .ended(tag: 1, .success))
        #expect(session.tags.isEmpty)
    }

    /// PUBREC says that nobody subscribes, and PUBCOMP does not say it again.
    @Test func exactlyOnceForNobody() throws {
        var session = OutgoingSession(qos: .exactlyOnce, window: 10)
        #expect(session.begin(1) == .publish(1))
        #expect(session.received(try answer(.received, 1, 0x10)) == .release(1))
        #expect(session.received(try answer(.received, 1)) == .release(1))
        session.connected(isKept: true, window: 10)
        #expect(session.begin(1) == .release(1))
        #expect(
            session.received(try answer(.completed, 1)) == .ended(tag: 1, .noMatchingSubscribers))
    }

    /// Identifiers go round, past those that still wait, and are never 0.
    @Test func manyMessages() throws {
        var session = OutgoingSession(qos: .atLeastOnce, window: 10)
        #expect(session.begin(-1) == .publish(1))
        for tag in Int64(0)..<70_000 {
            guard case .publish(let id) = session.begin(tag) else {
                Issue.record("not new")
                return
            }
            #expect(id != 0 && id != 1)
            #expect(session.received(try answer(.published, id)) == .ended(tag: tag, .success))
        }
        #expect(session.waiting == 1)
    }
}
