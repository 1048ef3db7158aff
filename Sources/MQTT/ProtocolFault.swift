/// Bytes that are not what a broker says to a client of its kind.
public enum ProtocolFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// A packet longer than this client takes, with its length.
    case tooLong(Int)
    /// A message longer than this client takes, with the length of its packet.
    case messageTooLong(Int)
    /// A packet that breaks the rules; which one, and what is wrong.
    case malformed(String)
    /// A packet that a broker has no reason to send.
    case unexpected(UInt8)

    /// What is wrong.
    public var description: String {
        switch self {
        case .tooLong(let length): "a packet of \(length) bytes"
        case .messageTooLong(let length): "a message of \(length) bytes"
        case .malformed(let what): "a malformed \(what)"
        case .unexpected(let kind): "a packet of kind \(kind)"
        }
    }
}
