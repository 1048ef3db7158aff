/// A device wants to begin (command 10003).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message | BaseRequest, empty |
/// | 2 | bytes | bit set: which optional fields the answer should have |
/// | 3 | bytes, 4 | challenge; the answer carries its CRC-32 |
public struct InitRequest: Hashable, Sendable {
    /// Which optional fields the answer should have; first byte's bits: 01 nickname, 02 platform,
    /// 04 model, 08 operating system, 10 time, 20 time zone, 40 time as text.
    public var filter: [UInt8]?
    /// The challenge.
    public var challenge: [UInt8]?
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes a request.
    public init(filter: [UInt8]? = nil, challenge: [UInt8]? = nil) {
        self.filter = filter
        self.challenge = challenge
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when a field is broken.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        while let field = try reader.next(in: body, known: 0b1110) {
            switch field.number {
            case 1: _ = try field.range("base request")
            case 2: filter = try field.bytes(body, "response field filter")
            case 3: challenge = try field.bytes(body, "challenge")
            default: break
            }
        }
        junk = reader.junk(of: body)
    }

    /// The number that answers the challenge: its CRC-32.
    public var answer: UInt32? { challenge.map(CRC32.ieee) }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, [])
        writer.bytes(2, filter)
        writer.bytes(3, challenge)
        return writer.bytes
    }
}

/// The answer to `InitRequest` (command 20003).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message, required | outcome |
/// | 2, 3 | uint32, required | user, high and low half |
/// | 4 | uint32 | CRC-32 of the challenge |
/// | 5 | enum | scene: 1 chat with the device, 2 synchronization |
/// | 6 | uint32 | most seconds to synchronize, ffffffff = no limit |
/// | 11–14 | string, enum, string, string | nickname, platform, model, operating system |
/// | 15, 16 | int32 | time, time zone |
/// | 17 | string | `yyyyMMddHHmmss` and the weekday, Monday 1 |
public struct InitResponse: Hashable, Sendable {
    /// How the request ended.
    public var outcome: AirSyncOutcome
    /// Upper half of an opaque number for the user.
    public var userHigh: UInt32
    /// Lower half.
    public var userLow: UInt32
    /// CRC-32 of the challenge.
    public var challengeAnswer: UInt32?
    /// 1 chat with the device, 2 synchronization.
    public var scene: Int32?
    /// Most seconds to synchronize; 4294967295 = no limit.
    public var longestSync: UInt32?
    /// The user's nickname.
    public var nickname: String?
    /// 1 iOS, 2 Android, 3 Windows Phone, 4 and 5 Series 60, 6 Series 40, 7 BlackBerry.
    public var platform: Int32?
    /// The phone's model.
    public var model: String?
    /// The phone's operating system.
    public var system: String?
    /// Seconds since 1970, as 32 bits.
    public var time: Int32?
    /// Time zone.
    public var timeZone: Int32?
    /// `yyyyMMddHHmmss` and the weekday, Monday 1.
    public var timeText: String?
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes an answer with what is required.
    public init(
        outcome: AirSyncOutcome = AirSyncOutcome(), userHigh: UInt32, userLow: UInt32,
        challengeAnswer: UInt32? = nil
    ) {
        self.outcome = outcome
        self.userHigh = userHigh
        self.userLow = userLow
        self.challengeAnswer = challengeAnswer
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when a required field is missing or a field is broken.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        var required: (outcome: AirSyncOutcome?, high: UInt32?, low: UInt32?)
        while let field = try reader.next(in: body, known: 0b11_1111_1000_0111_1110) {
            switch field.number {
            case 1: required.outcome = try AirSyncOutcome(body, try field.range("base response"))
            case 2: required.high = try field.uint32("user, high half")
            case 3: required.low = try field.uint32("user, low half")
            case 4: challengeAnswer = try field.uint32("challenge answer")
            case 5: scene = try field.int32("scene")
            case 6: longestSync = try field.uint32("longest synchronization")
            case 11: nickname = try field.text(body, "nickname")
            case 12: platform = try field.int32("platform")
            case 13: model = try field.text(body, "model")
            case 14: system = try field.text(body, "operating system")
            case 15: time = try field.int32("time")
            case 16: timeZone = try field.int32("time zone")
            case 17: timeText = try field.text(body, "time text")
            default: break
            }
        }
        guard let outcome = required.outcome else {
            throw .missing("base response", at: reader.end)
        }
        guard let high = required.high else { throw .missing("user, high half", at: reader.end) }
        guard let low = required.low else { throw .missing("user, low half", at: reader.end) }
        (self.outcome, userHigh, userLow) = (outcome, high, low)
        junk = reader.junk(of: body)
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, outcome.body)
        writer.number(2, userHigh)
        writer.number(3, userLow)
        writer.number(4, challengeAnswer)
        writer.signed(5, scene)
        writer.number(6, longestSync)
        writer.text(11, nickname)
        writer.signed(12, platform)
        writer.text(13, model)
        writer.text(14, system)
        writer.signed(15, time)
        writer.signed(16, timeZone)
        writer.text(17, timeText)
        return writer.bytes
    }
}
