/// What an AirSync packet says, once its body is in the clear.
public enum AirSyncMessage: Hashable, Sendable {
    /// Command 10001.
    case authRequest(AuthRequest)
    /// Command 20001.
    case authResponse(AuthResponse)
    /// Command 10003.
    case initRequest(InitRequest)
    /// Command 20003.
    case initResponse(InitResponse)
    /// Command 10002.
    case sendDataRequest(AirSyncData)
    /// Command 20002.
    case sendDataResponse(SendDataResponse)
    /// Command 30001.
    case receiveDataPush(AirSyncData)
    /// Command 30002.
    case switchViewPush(AirSyncSwitch)
    /// Command 30003.
    case switchBackgroundPush(AirSyncSwitch)
    /// Command 29999: the other side could not decode or decrypt; its body means nothing.
    case decodeError
    /// A command that this version does not know.
    case unknown(AirSyncCommand, [UInt8])

    /// Reads the message of a packet.
    ///
    /// - Parameters:
    ///   - command: the packet's command.
    ///   - body: the packet's body, decrypted where it was encrypted.
    /// - Throws: `MalformedValue`; positions count from the start of the body.
    public init(_ command: AirSyncCommand, _ body: Span<UInt8>) throws(MalformedValue) {
        self =
            switch command {
            case .authRequest: .authRequest(try AuthRequest(body))
            case .authResponse: .authResponse(try AuthResponse(body))
            case .initRequest: .initRequest(try InitRequest(body))
            case .initResponse: .initResponse(try InitResponse(body))
            case .sendDataRequest: .sendDataRequest(try AirSyncData(body))
            case .sendDataResponse: .sendDataResponse(try SendDataResponse(body))
            case .receiveDataPush: .receiveDataPush(try AirSyncData(body))
            case .switchViewPush: .switchViewPush(try AirSyncSwitch(body, hasView: true))
            case .switchBackgroundPush:
                .switchBackgroundPush(try AirSyncSwitch(body, hasView: false))
            case .decodeError: .decodeError
            default: .unknown(command, body.copy())
            }
    }

    /// The message's command.
    public var command: AirSyncCommand {
        switch self {
        case .authRequest: .authRequest
        case .authResponse: .authResponse
        case .initRequest: .initRequest
        case .initResponse: .initResponse
        case .sendDataRequest: .sendDataRequest
        case .sendDataResponse: .sendDataResponse
        case .receiveDataPush: .receiveDataPush
        case .switchViewPush: .switchViewPush
        case .switchBackgroundPush: .switchBackgroundPush
        case .decodeError: .decodeError
        case .unknown(let command, _): command
        }
    }

    /// The message's body in the clear.
    public var body: [UInt8] {
        switch self {
        case .authRequest(let message): message.body
        case .authResponse(let message): message.body
        case .initRequest(let message): message.body
        case .initResponse(let message): message.body
        case .sendDataRequest(let message), .receiveDataPush(let message): message.body
        case .sendDataResponse(let message): message.body
        case .switchViewPush(let message), .switchBackgroundPush(let message): message.body
        case .decodeError: []
        case .unknown(_, let body): body
        }
    }
}
