/// Whom data is from or for.
public struct AirSyncDataType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: Int32

    /// Makes a type from its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The maker's own server: what card readers and most devices use; also when none is sent.
    public static let manufacturer = AirSyncDataType(rawValue: 0)
    /// WeChat's own wristband protocol, which is not public.
    public static let wristband = AirSyncDataType(rawValue: 1)
    /// A web page shown in the chat with the device.
    public static let webPage = AirSyncDataType(rawValue: 10001)
}

/// Data from the device (command 10002) or for it (command 30001): the same three fields.
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message | BaseRequest or BasePush, empty |
/// | 2 | bytes, required | data |
/// | 3 | enum | type |
public struct AirSyncData: Hashable, Sendable {
    /// The data.
    public var data: [UInt8]
    /// Whom it is from or for; nil when the sender left it out.
    public var type: AirSyncDataType?
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes a message.
    public init(data: [UInt8], type: AirSyncDataType? = nil) {
        self.data = data
        self.type = type
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when there is no data or a field is broken.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        var data: [UInt8]?
        while let field = try reader.next(in: body, known: 0b1110) {
            switch field.number {
            case 1: _ = try field.range("base message")
            case 2: data = try field.bytes(body, "data")
            case 3: type = AirSyncDataType(rawValue: try field.int32("data type"))
            default: break
            }
        }
        guard let data else { throw .missing("data", at: reader.end) }
        self.data = data
        junk = reader.junk(of: body)
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, [])
        writer.bytes(2, data)
        writer.signed(3, type?.rawValue)
        return writer.bytes
    }
}

/// The answer to data from the device (command 20002).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message, required | outcome |
/// | 2 | bytes | data |
public struct SendDataResponse: Hashable, Sendable {
    /// How the request ended.
    public var outcome: AirSyncOutcome
    /// Data for the device.
    public var data: [UInt8]?
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes an answer.
    public init(outcome: AirSyncOutcome = AirSyncOutcome(), data: [UInt8]? = nil) {
        self.outcome = outcome
        self.data = data
    }

    /// Reads a message body.
    ///
    /// - Throws: `MalformedValue` when the outcome is missing or a field is broken.
    public init(_ body: Span<UInt8>) throws(MalformedValue) {
        var reader = ProtobufReader()
        var outcome: AirSyncOutcome?
        while let field = try reader.next(in: body, known: 0b110) {
            switch field.number {
            case 1: outcome = try AirSyncOutcome(body, try field.range("base response"))
            case 2: data = try field.bytes(body, "data")
            default: break
            }
        }
        guard let outcome else { throw .missing("base response", at: reader.end) }
        self.outcome = outcome
        junk = reader.junk(of: body)
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, outcome.body)
        writer.bytes(2, data)
        return writer.bytes
    }
}

/// A person entered or left a page about the device (command 30002), or the application went to
/// the background or came back (command 30003).
///
/// | field | type | meaning |
/// |---|---|---|
/// | 1 | message | BasePush, empty |
/// | 2 | enum, required | 30002: 1 enter, 2 exit; 30003: 1 background, 2 foreground, 3 sleep |
/// | 3 | enum, required in 30002 | 1 chat, 2 web page |
public struct AirSyncSwitch: Hashable, Sendable {
    /// 30002: 1 enter, 2 exit. 30003: 1 background, 2 foreground, 3 sleep.
    public var operation: Int32
    /// 30002: 1 chat, 2 web page. 30003: nil.
    public var view: Int32?
    /// Bytes behind the last whole field.
    public var junk: [UInt8] = []

    /// Makes a message.
    public init(operation: Int32, view: Int32? = nil) {
        self.operation = operation
        self.view = view
    }

    /// Reads a message body.
    ///
    /// - Parameters:
    ///   - body: the message body.
    ///   - hasView: whether the view is required, as it is in command 30002.
    /// - Throws: `MalformedValue` when a required field is missing or a field is broken.
    public init(_ body: Span<UInt8>, hasView: Bool) throws(MalformedValue) {
        var reader = ProtobufReader()
        var operation: Int32?
        while let field = try reader.next(in: body, known: hasView ? 0b1110 : 0b110) {
            switch field.number {
            case 1: _ = try field.range("base push")
            case 2: operation = try field.int32("operation")
            case 3 where hasView: view = try field.int32("view")
            default: break
            }
        }
        guard let operation else { throw .missing("operation", at: reader.end) }
        if hasView, view == nil { throw .missing("view", at: reader.end) }
        self.operation = operation
        junk = reader.junk(of: body)
    }

    /// The message body.
    public var body: [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, [])
        writer.signed(2, operation)
        writer.signed(3, view)
        return writer.bytes
    }
}
