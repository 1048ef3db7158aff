/// Why a capture file cannot be read on.
public struct CaptureError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Problem: Hashable, Sendable {
        /// The file ends within its header; it has this many bytes.
        case noHeader(size: Int)
        /// The file begins with bytes of no format that is known here.
        case unknownFormat(firstBytes: UInt32)
        /// The file is a pcapng.
        case pcapng
        /// A version of the format that is not defined.
        case version(UInt32, expected: UInt32)
        /// A btsnoop data link that is not read.
        case btsnoopDatalink(UInt32)
        /// A pcap link type that is not read.
        case pcapLinkType(UInt32)
        /// A record says it holds more bytes than a Bluetooth packet can have.
        case recordTooLong(UInt32)
        /// A record says it holds more bytes than the packet had.
        case recordLongerThanPacket(included: UInt32, original: UInt32)
    }

    /// Where in the file it is, in bytes from its beginning.
    public var offset: UInt64
    /// What is wrong.
    public var problem: Problem

    /// Makes an error.
    public init(offset: UInt64, problem: Problem) {
        self.offset = offset
        self.problem = problem
    }
}

extension CaptureError: CustomStringConvertible {
    /// Where, what is there, and what was expected or helps.
    public var description: String { "byte \(offset): \(text)" }

    private var text: String {
        switch problem {
        case .noHeader(let size):
            "the file ends after \(size) bytes; expected the header of a btsnoop (16 bytes) or "
                + "pcap (24 bytes) file"
        case .unknownFormat(let firstBytes):
            "begins with \(Self.hex(firstBytes)); expected a btsnoop (6274736e) or pcap "
                + "(a1b2c3d4, a1b23c4d, in either byte order) file"
        case .pcapng:
            "this is a pcapng file, which is not read; convert it with "
                + "\"editcap -F pcap IN.pcapng OUT.pcap\""
        case .version(let version, let expected):
            "format version \(version); expected \(expected)"
        case .btsnoopDatalink(let number):
            "btsnoop data link \(number)\(Self.name(ofDatalink: number)) is not read; expected "
                + "1001 (HCI), 1002 (HCI UART) or 2001 (Linux monitor)"
        case .pcapLinkType(let number):
            "pcap link type \(number) is not read; expected 187 or 201 (HCI H4), 254 (Linux "
                + "monitor), 251 or 256 (LE link layer)"
        case .recordTooLong(let included):
            "the record says it holds \(included) bytes; expected at most "
                + "\(CaptureReader.longestRecord)"
        case .recordLongerThanPacket(let included, let original):
            "the record says it holds \(included) bytes of a packet of \(original); expected at "
                + "most \(original)"
        }
    }

    private static func name(ofDatalink number: UInt32) -> String {
        switch number {
        case 1003: " (HCI BCSP)"
        case 1004: " (HCI three-wire UART)"
        case 2002: " (Linux simulator)"
        default: ""
        }
    }

    private static func hex(_ word: UInt32) -> String {
        Hex.lower([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) })
    }
}
