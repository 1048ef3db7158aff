/// One frame of an ETC card reader ("33 frame"), carried in the data field of AirSync messages.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | start 33 |
/// | 1 | 1 | number; readers and applications use it differently: not for ordering |
/// | 2 | 1 | first fragment: 80 + fragments to come; later ones: fragments to come |
/// | 3 | 1 | length of the data |
/// | 4 | n | data |
/// | 4 + n | 1 | exclusive-or of everything from the number to the end of the data |
public struct ReaderFrame: Hashable, Sendable {
    /// Most data bytes put into one frame: applications stay below 92 to 95, and with the bytes
    /// around it the AirSync data field then keeps its one-byte length.
    public static let longestData = 92
    /// Bytes around the data.
    static let overhead = 5

    /// The frame's number.
    public let number: UInt8
    /// Whether it is the first fragment of its message.
    public let isFirst: Bool
    /// How many fragments of the message are still to come.
    public let remaining: UInt8
    /// The message, or a fragment of it.
    public let data: [UInt8]

    /// Makes a frame.
    ///
    /// - Returns: nil for more than `longestData` bytes or more than 127 fragments to come.
    public init?(number: UInt8, isFirst: Bool, remaining: UInt8, data: [UInt8]) {
        guard data.count <= Self.longestData, remaining < 0x80 else { return nil }
        self.number = number
        self.isFirst = isFirst
        self.remaining = remaining
        self.data = data
    }

    /// Cuts a message into frames.
    ///
    /// - Returns: nil for a message that 128 frames cannot carry, and for an empty one.
    public static func frames(of message: [UInt8], number: UInt8) -> [ReaderFrame]? {
        let starts = Array(stride(from: 0, to: message.count, by: longestData))
        guard (1...128).contains(starts.count) else { return nil }
        return starts.enumerated().compactMap { index, start in
            ReaderFrame(
                number: number, isFirst: index == 0,
                remaining: UInt8(starts.count - 1 - index),
                data: Array(message[start..<min(start + longestData, message.count)]))
        }
    }

    /// Reads a frame; bytes behind its check byte are ignored.
    ///
    /// - Throws: `MalformedValue` for another start, a frame that is cut or a wrong check byte.
    public init(_ frame: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        guard try cursor.uint8(frame, "start of frame") == 0x33 else {
            throw .invalid("the frame does not start with 33", at: 0)
        }
        number = try cursor.uint8(frame, "frame number")
        let control = try cursor.uint8(frame, "fragment count")
        isFirst = control & 0x80 != 0
        remaining = control & 0x7f
        let length = try cursor.uint8(frame, "length of the data")
        let range = try cursor.skip(Int(length), frame, "data")
        data = frame.copy(range)
        let check = try cursor.uint8(frame, "check byte")
        guard check == Self.check(number, control, data) else {
            throw .invalid(
                "the check byte is not the exclusive-or of the frame", at: range.upperBound)
        }
    }

    /// The frame's bytes.
    public var bytes: [UInt8] {
        let control = remaining | (isFirst ? 0x80 : 0)
        let length = UInt8(truncatingIfNeeded: data.count)
        return [0x33, number, control, length] + data + [Self.check(number, control, data)]
    }

    private static func check(_ number: UInt8, _ control: UInt8, _ data: [UInt8]) -> UInt8 {
        data.reduce(number ^ control ^ UInt8(truncatingIfNeeded: data.count), ^)
    }
}

/// Puts the fragments of a reader's message back together.
public struct ReaderFrameAssembly: Sendable {
    /// The longest message accepted, in bytes: as much as 128 frames of our own could carry is
    /// never needed, a card's longest reply has 258.
    public static let longestMessage = 4096

    private var message: [UInt8] = []
    /// How many fragments are still to come; nil when none is under way.
    private var remaining: UInt8?

    /// Makes an assembly for one connection.
    public init() {}

    /// A frame came.
    ///
    /// - Returns: the message it completes; nil when more is to come.
    /// - Throws: `MalformedValue` when it is not the next fragment or the message grows too long.
    ///   What was collected is dropped. A first fragment always starts anew.
    public mutating func received(_ frame: ReaderFrame) throws(MalformedValue) -> [UInt8]? {
        if frame.isFirst {
            message.removeAll(keepingCapacity: true)
        } else {
            guard let expected = remaining, expected > 0, frame.remaining == expected &- 1 else {
                drop()
                throw .invalid("the fragment is not the next one of its message", at: 2)
            }
        }
        guard message.count &+ frame.data.count <= Self.longestMessage else {
            drop()
            throw .invalid("the message is longer than 4096 bytes", at: 3)
        }
        message += frame.data
        remaining = frame.remaining
        guard frame.remaining == 0 else { return nil }
        defer { drop() }
        return message
    }

    private mutating func drop() {
        message.removeAll(keepingCapacity: true)
        remaining = nil
    }
}
