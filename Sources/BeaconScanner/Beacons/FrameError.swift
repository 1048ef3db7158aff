/// Why bytes are not the frame they were taken for.
public enum FrameError: Error, Hashable, Sendable {
    /// The bytes do not carry the format's mark.
    case otherFormat
    /// The frame has a length that its format does not allow.
    case length(Int)
    /// A field has a value that its format reserves.
    case reserved(UInt8)
    /// The frame is of a version that nobody has defined.
    case version(UInt8)
}

extension FrameError: CustomStringConvertible {
    /// A sentence for people.
    public var description: String {
        switch self {
        case .otherFormat: "the bytes do not carry the mark of this format"
        case .length(let length): "\(length) bytes is not a length this frame can have"
        case .reserved(let value): "the value 0x\(Hex.lower([value])) is reserved"
        case .version(let version): "version 0x\(Hex.lower([version])) is not known"
        }
    }
}
