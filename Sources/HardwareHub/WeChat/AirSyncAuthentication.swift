/// A device says who it is (command 10001).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message | BaseRequest, empty; some devices leave it out |
/// | 2 | bytes, 16 | MD5 of device type and device id |
/// | 3 | int32, required | protocol version: 0x010004 |
/// | 4 | int32, required | kind of authentication: 1 |
/// | 5 | enum, required | method: 1 MD5, 2 MAC address |
/// | 6 | bytes | proof that the device has the key, see `AirSyncProof` |
/// | 7 | bytes, 6 | MAC address, in display order |
/// | 10, 11, 12 | string | time zone, language, device name; obsolete |
public struct AuthRequest: Hashable, Sendable {
    /// How the device wants to be recognized.
    public enum Method: Int32, Sendable {
        /// By the MD5 of its type and id, with or without proof of a key.
        case md5 = 1
        /// By its MAC address, without encryption.
        case macAddress = 2
    }

    /// MD5 of device type and device id, 16 bytes.
    public var digest: [UInt8]?
    /// Protocol version: 0x010004 is the last known, card readers send 0x010000.
    public var version: Int32
    /// Kind of authentication; 1 is the only one known.
    public var kind: Int32
    /// The method's number; see `Method`.
    public var method: Int32
    /// Proof that the device has the key.
    public var proof: [UInt8]?
    /// MAC address in display order, 6 bytes.
    public var macAddress: [UInt8]?
    /// Obsolete.
    public var timeZone: String?
    /// Obsolete.
    public var language: String?
    /// Obsolete, but demo devices still send it; without the NUL they end it with.
    public var deviceName: String?
    /// Bytes behind the last whole field.
    public var junk: [UInt8]

    /// Makes a request with the three fields that are required.
    public init(version: Int32 = 0x010004, kind: Int32 = 1, method: Method) {
        self.version = version
        self.kind = kind
        self.method = method.rawValue
        junk = []
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when a required field is missing, a field is broken, or a digest
    ///   or MAC address has another length than it should.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        var numbers: (version: Int32?, kind: Int32?, method: Int32?)
        while let field = try reader.next(in: body, known: 0b1_1100_1111_1110) {
            switch field.number {
            case 1: _ = try field.range("base request")
            case 2: digest = try field.bytes(body, "MD5 of type and id")
            case 3: numbers.version = try field.int32("protocol version")
            case 4: numbers.kind = try field.int32("kind of authentication")
            case 5: numbers.method = try field.int32("authentication method")
            case 6: proof = try field.bytes(body, "AES sign")
            case 7: macAddress = try field.bytes(body, "MAC address")
            case 10: timeZone = try field.text(body, "time zone")
            case 11: language = try field.text(body, "language")
            case 12: deviceName = try field.text(body, "device name")
            default: break
            }
        }
        guard let version = numbers.version else {
            throw .missing("protocol version", at: reader.end)
        }
        guard let kind = numbers.kind else {
            throw .missing("kind of authentication", at: reader.end)
        }
        guard let method = numbers.method else {
            throw .missing("authentication method", at: reader.end)
        }
        (self.version, self.kind, self.method) = (version, kind, method)
        junk = reader.junk(of: body)
        if let digest, digest.count != 16 {
            throw .invalid("the MD5 of type and id does not have 16 bytes", at: 0)
        }
        if let macAddress, macAddress.count != 6 {
            throw .invalid("the MAC address does not have 6 bytes", at: 0)
        }
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, [])
        writer.bytes(2, digest)
        writer.signed(3, version)
        writer.signed(4, kind)
        writer.signed(5, method)
        writer.bytes(6, proof)
        writer.bytes(7, macAddress)
        writer.text(10, timeZone)
        writer.text(11, language)
        writer.text(12, deviceName)
        return writer.bytes
    }
}

/// How a request ended: field 1 of every response.
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | int32, required | 0, or what is wrong |
/// | 2 | string | the same in words |
public struct AirSyncOutcome: Hashable, Sendable {
    /// 0, or a negative number for what is wrong.
    public var code: Int32
    /// The same in words.
    public var message: String?

    /// Makes an outcome; success when no code is given.
    public init(code: Int32 = 0, message: String? = nil) {
        self.code = code
        self.message = message
    }

    /// Authentication has to come first.
    public static let authenticationNeeded = AirSyncOutcome(code: -2)
    /// The request could not be decoded.
    public static let decodingFailed = AirSyncOutcome(code: -4)
    /// The device is not one that may be served.
    public static let deviceBlocked = AirSyncOutcome(code: -5)

    /// What the code means; nil when it has no known meaning.
    public var meaning: String? {
        switch code {
        case 0: "success"
        case -1: "system error"
        case -2: "authentication needed"
        case -3: "session timed out"
        case -4: "decoding failed"
        case -5: "device blocked"
        case -6: "not available in the background"
        case -7: "device's protocol too old"
        case -8: "phone's protocol too old"
        case -9: "request queue full"
        case -10: "user logged out"
        default: nil
        }
    }

    /// Reads the nested message in `range` of a body.
    init(_ body: Span<UInt8>, _ range: Range<Int>) throws(MalformedValue) {
        let nested = body.extracting(range)
        var reader = ProtobufReader()
        var number: Int32?
        do throws(MalformedValue) {
            while let field = try reader.next(in: nested, known: 0b110) {
                switch field.number {
                case 1: number = try field.int32("error code")
                case 2: message = try field.text(nested, "error message")
                default: break
                }
            }
            guard let number else { throw .missing("error code", at: nested.count) }
            code = number
        } catch {
            throw error.shifted(by: range.lowerBound)
        }
    }

    /// The nested message.
    var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.signed(1, code)
        writer.text(2, message)
        return writer.bytes
    }
}

/// The answer to `AuthRequest` (command 20001).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message, required | outcome |
/// | 2 | bytes, required | session key, encrypted with the device's key; empty without encryption |
public struct AuthResponse: Hashable, Sendable {
    /// How the request ended.
    public var outcome: AirSyncOutcome
    /// The session key, encrypted with the device's key: 32 bytes, or 16 from senders that leave
    /// out the padding; empty without encryption.
    public var sessionKey: [UInt8]
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes an answer.
    public init(outcome: AirSyncOutcome = AirSyncOutcome(), sessionKey: [UInt8] = []) {
        self.outcome = outcome
        self.sessionKey = sessionKey
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when a required field is missing or a field is broken.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        var fields: (outcome: AirSyncOutcome?, key: [UInt8]?)
        while let field = try reader.next(in: body, known: 0b110) {
            switch field.number {
            case 1: fields.outcome = try AirSyncOutcome(body, try field.range("base response"))
            case 2: fields.key = try field.bytes(body, "session key")
            default: break
            }
        }
        guard let outcome = fields.outcome else { throw .missing("base response", at: reader.end) }
        guard let key = fields.key else { throw .missing("session key", at: reader.end) }
        self.init(outcome: outcome, sessionKey: key)
        junk = reader.junk(of: body)
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, outcome.body)
        writer.bytes(2, sessionKey)
        return writer.bytes
    }
}
