/// Why bytes are not the frame they were taken for.
public enum FrameError: Error, Hashable, Sendable {
    /// The bytes do not carry the format's mark.
    case otherFormat
    /// The frame has a length that its format does not allow.
    case length(Int)
    /// The byte at an offset of the frame has a value that its format reserves.
    case reserved(UInt8, at: Int)
    /// The frame is of a version that nobody has defined.
    case version(UInt8)
}

extension FrameError {
    /// The offset in the frame of what is wrong; the frame's beginning where all of it is.
    public var position: Int {
        switch self {
        case .otherFormat, .length: 0
        case .reserved(_, let position): position
        case .version: 1
        }
    }
}

extension FrameError: CustomStringConvertible {
    /// A sentence for people.
    public var description: String {
        switch self {
        case .otherFormat: "the bytes do not carry the mark of this format"
        case .length(let length): "\(length) bytes is not a length this frame can have"
        case .reserved(let value, _): "the value 0x\(Hex.lower([value])) is reserved"
        case .version(let version): "version 0x\(Hex.lower([version])) is not known"
        }
    }
}
