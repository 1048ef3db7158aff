import TestSupport
import Testing

@testable import HardwareHub

@Suite("AirSync messages read back as they were written, and bear what devices send")
struct AirSyncMessageTests {
    /// Every captured or published packet in the clear that ends with its last field.
    static let packets = Vector.all("airsync").filter {
        $0.bytes.starts(with: [0xfe, 1]) && $0.decoded["plain"] == nil
    }

    @Test(arguments: packets)
    func vectorsWriteBack(vector: Vector) throws {
        let packet = try AirSyncPacket(vector.bytes.span)
        let message = try AirSyncMessage(packet.command, packet.body.span)
        var expected = packet.body
        if case .string(let junk)? = vector.decoded["junk"] {
            expected.removeLast(junk.utf8.count / 2)
        }
        #expect(message.body == expected)
        #expect(message.command == packet.command)
    }

    private func reread(_ message: AirSyncMessage) throws -> AirSyncMessage {
        try AirSyncMessage(message.command, message.body.span)
    }

    @Test func everyFieldOfEveryMessage() throws {
        var auth = AuthRequest(version: -1, method: .md5)
        auth.digest = [UInt8](repeating: 1, count: 16)
        auth.proof = [UInt8](repeating: 2, count: 16)
        auth.macAddress = [1, 2, 3, 4, 5, 6]
        (auth.timeZone, auth.language, auth.deviceName) = ("+8", "zh", "秤")
        var answer = InitResponse(
            outcome: AirSyncOutcome(code: -5, message: "no"), userHigh: .max, userLow: 1,
            challengeAnswer: .max)
        (answer.scene, answer.longestSync, answer.nickname) = (2, .max, "n")
        (answer.platform, answer.model, answer.system) = (2, "m", "o")
        (answer.time, answer.timeZone, answer.timeText) = (.min, -480, "202501151430453")
        let messages: [AirSyncMessage] = [
            .authRequest(auth),
            .authResponse(AuthResponse(outcome: .authenticationNeeded, sessionKey: [1, 2])),
            .initRequest(InitRequest(filter: [0x7f], challenge: [0x11, 0x22, 0x33, 0x44])),
            .initResponse(answer),
            .sendDataRequest(AirSyncData(data: [UInt8](repeating: 7, count: 300), type: .webPage)),
            .sendDataResponse(SendDataResponse(outcome: .decodingFailed, data: [])),
            .receiveDataPush(AirSyncData(data: [], type: .wristband)),
            .switchViewPush(AirSyncSwitch(operation: 2, view: 2)),
            .switchBackgroundPush(AirSyncSwitch(operation: 3)),
            .decodeError, .unknown(AirSyncCommand(rawValue: 12345), [1, 2, 3]),
        ]
        for message in messages {
            #expect(try reread(message) == message)
            ByteVerifier.neighbours(of: message.body) {
                _ = try? AirSyncMessage(message.command, $0.span)
            }
        }
    }

    /// A negative int32 is a ten-byte varint.
    @Test func negativeErrorCode() throws {
        let body = hex("0a0b08feffffffffffffffff011200")
        let response = try AuthResponse(body.span)
        #expect(response.outcome == .authenticationNeeded)
        #expect(response.outcome.meaning == "authentication needed")
        #expect(response.body == body)
    }

    @Test func quirksOfDevices() throws {
        let bare = try AuthRequest(hex("1880800420012802").span)
        #expect(bare.version == 0x010000 && bare.method == 2, "no base request, old version")
        let name = try AuthRequest(hex("18848004200128026203414200").span)
        #expect(name.deviceName == "AB", "a name with its NUL")
        let unknown = try AirSyncData(hex("0a00a006011201aa9d060000000099060000000000000000").span)
        #expect(unknown.data == [0xaa] && unknown.junk.isEmpty, "unknown fields are skipped")
        let twice = try AirSyncData(hex("1201aa1201bb").span)
        #expect(twice.data == [0xbb], "the last one counts")
        let zeros = try AirSyncData(hex("1201aa000000").span)
        #expect(zeros.data == [0xaa] && zeros.junk == [0, 0, 0], "padding within the length")
    }

    @Test(arguments: [
        ("0a001205aa", "byte 2: the field is not whole"),
        ("0a00", "byte 2: data missing"),
        ("", "byte 0: data missing"),
        ("0a001001", "byte 2: data of another type than it should be"),
        ("1201aa1201", "byte 3: the field is not whole"),
        ("13", "byte 0: the field is not whole"),
        ("12ffffffffffffffffffff01", "byte 0: the field is not whole"),
        ("12ffffffffffffffffff01", "byte 0: the field is not whole"),
    ])
    func broken(text: String, fault: String) {
        let error = #expect(throws: MalformedValue.self) { try AirSyncData(hex(text).span) }
        #expect(error.map { "\($0)" } == fault)
    }

    @Test func lengthsThatCannotBe() {
        #expect(throws: MalformedValue.self) {
            try AuthRequest(hex("120201021884800420012801").span)
        }
        #expect(throws: MalformedValue.self) {
            try AuthRequest(hex("18848004200128023a020102").span)
        }
    }

    /// Required fields one by one.
    @Test func whatIsMissingIsNamed() {
        let faults: [(String, AirSyncCommand, String)] = [
            ("", .authRequest, "protocol version"),
            ("1801", .authRequest, "kind of authentication"),
            ("18012001", .authRequest, "authentication method"),
            ("", .authResponse, "base response"), ("0a020800", .authResponse, "session key"),
            ("0a00", .sendDataResponse, "error code"), ("", .initResponse, "base response"),
            ("0a020800", .initResponse, "user, high half"),
            ("0a0208001001", .initResponse, "user, low half"), ("", .switchViewPush, "operation"),
            ("1001", .switchViewPush, "view"), ("", .switchBackgroundPush, "operation"),
        ]
        for (text, command, field) in faults {
            let error = #expect(throws: MalformedValue.self) {
                try AirSyncMessage(command, hex(text).span)
            }
            #expect(error?.kind == .missing && error?.subject == field)
        }
    }
}
