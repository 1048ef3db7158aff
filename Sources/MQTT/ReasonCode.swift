/// Why a broker did what it did (MQTT 5.0, §2.4); those of MQTT 3.1.1 are translated.
public struct ReasonCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The code's number.
    public var rawValue: UInt8

    /// Makes a code from its number; all numbers are taken.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The answer to a CONNECT in MQTT 3.1.1 (§3.2.2.3).
    init(answer311 code: UInt8) {
        switch code {
        case 0: self = .success
        case 1: self = .unsupportedVersion
        case 2: self = .clientIDNotValid
        case 3: self = .serverUnavailable
        case 4: self = .badUserNameOrPassword
        case 5: self = .notAuthorized
        default: self = .unspecified
        }
    }

    /// Whether it reports a failure: those are from 0x80 on.
    public var isFailure: Bool { rawValue >= 0x80 }

    /// The thing was done.
    public static let success = ReasonCode(rawValue: 0x00)
    /// A message was taken that nobody subscribes to: it is gone.
    public static let noMatchingSubscribers = ReasonCode(rawValue: 0x10)
    /// Something failed, and the broker does not say what.
    public static let unspecified = ReasonCode(rawValue: 0x80)
    /// The packet is none by the broker's reading.
    public static let malformedPacket = ReasonCode(rawValue: 0x81)
    /// The packet does not belong there by the broker's reading.
    public static let protocolError = ReasonCode(rawValue: 0x82)
    /// The broker would not have something for reasons of its own.
    public static let implementationSpecific = ReasonCode(rawValue: 0x83)
    /// The broker does not know this version of MQTT.
    public static let unsupportedVersion = ReasonCode(rawValue: 0x84)
    /// The broker does not take this client id.
    public static let clientIDNotValid = ReasonCode(rawValue: 0x85)
    /// The broker does not know this user, or this password.
    public static let badUserNameOrPassword = ReasonCode(rawValue: 0x86)
    /// This client may not do this.
    public static let notAuthorized = ReasonCode(rawValue: 0x87)
    /// The broker is not there just now.
    public static let serverUnavailable = ReasonCode(rawValue: 0x88)
    /// The broker has too much to do.
    public static let serverBusy = ReasonCode(rawValue: 0x89)
    /// This client was banned.
    public static let banned = ReasonCode(rawValue: 0x8a)
    /// The broker does not take this way to sign in.
    public static let badAuthenticationMethod = ReasonCode(rawValue: 0x8c)
    /// Another client has connected with the same id.
    public static let sessionTakenOver = ReasonCode(rawValue: 0x8e)
    /// The broker does not take this topic.
    public static let topicNameInvalid = ReasonCode(rawValue: 0x90)
    /// The broker knows nothing of this identifier.
    public static let packetIDNotFound = ReasonCode(rawValue: 0x92)
    /// The packet is longer than the broker takes.
    public static let packetTooLarge = ReasonCode(rawValue: 0x95)
    /// Too many messages in too short a time.
    public static let messageRateTooHigh = ReasonCode(rawValue: 0x96)
    /// A limit of the broker is reached.
    public static let quotaExceeded = ReasonCode(rawValue: 0x97)
    /// The payload is not what its format says.
    public static let payloadFormatInvalid = ReasonCode(rawValue: 0x99)
    /// The broker keeps no retained messages.
    public static let retainNotSupported = ReasonCode(rawValue: 0x9a)
    /// The broker does not serve this level.
    public static let qosNotSupported = ReasonCode(rawValue: 0x9b)
    /// The broker does not serve a topic by this name.
    public static let topicFilterInvalid = ReasonCode(rawValue: 0x8f)
    /// Another broker is to be used for now.
    public static let useAnotherServer = ReasonCode(rawValue: 0x9c)
    /// Another broker is to be used from now on.
    public static let serverMoved = ReasonCode(rawValue: 0x9d)
    /// Too many connections in too short a time.
    public static let connectionRateExceeded = ReasonCode(rawValue: 0x9f)

    /// The name of the standard, and the number.
    public var description: String {
        let number = "0x" + (rawValue < 16 ? "0" : "") + String(rawValue, radix: 16)
        return Self.names[rawValue].map { "\($0) (\(number))" } ?? number
    }

    private static let names: [UInt8: String] = [
        0x00: "success", 0x04: "disconnect with will message", 0x10: "no matching subscribers",
        0x80: "unspecified error", 0x81: "malformed packet", 0x82: "protocol error",
        0x83: "implementation specific error", 0x84: "unsupported protocol version",
        0x85: "client identifier not valid", 0x86: "bad user name or password",
        0x87: "not authorized", 0x88: "server unavailable", 0x89: "server busy", 0x8a: "banned",
        0x8b: "server shutting down", 0x8c: "bad authentication method",
        0x8d: "keep alive timeout", 0x8e: "session taken over", 0x8f: "topic filter invalid",
        0x90: "topic name invalid",
        0x91: "packet identifier in use", 0x92: "packet identifier not found",
        0x93: "receive maximum exceeded", 0x94: "topic alias invalid", 0x95: "packet too large",
        0x96: "message rate too high", 0x97: "quota exceeded", 0x98: "administrative action",
        0x99: "payload format invalid", 0x9a: "retain not supported", 0x9b: "QoS not supported",
        0x9c: "use another server", 0x9d: "server moved", 0x9f: "connection rate exceeded",
        0xa0: "maximum connect time",
    ]
}
