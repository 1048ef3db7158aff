/// The format of a capture file, as its header says.
public enum CaptureFormat: Hashable, Sendable {
    /// What a btsnoop record holds.
    public enum Datalink: UInt32, Sendable {
        /// HCI packets without a type byte: the flags say what they are.
        case hci = 1001
        /// HCI packets behind their UART (H4) type byte.
        case uart = 1002
        /// The Linux monitor's packets: adapter and opcode are in the flags.
        case monitor = 2001
    }

    /// What a pcap record holds.
    public enum LinkType: UInt32, Sendable {
        /// HCI packets behind their UART (H4) type byte.
        case uart = 187
        /// The same behind a word for the direction.
        case uartWithDirection = 201
        /// LE link-layer packets from the access address on.
        case linkLayer = 251
        /// The Linux monitor's packets: adapter (2), opcode (2), payload; highest byte first.
        case monitor = 254
        /// LE link-layer packets behind a pseudo-header.
        case linkLayerWithHeader = 256
    }

    /// A btsnoop file.
    case btsnoop(Datalink)
    /// A pcap file.
    case pcap(LinkType, isLittleEndian: Bool, isNanoseconds: Bool)

    /// The length of the header of each record.
    @inline(__always)
    var recordHeaderLength: Int {
        switch self {
        case .btsnoop: 24
        case .pcap: 16
        }
    }

    /// The length of the longest file header.
    static let longestHeader = 24

    /// Reads a file's header.
    ///
    /// btsnoop: | "btsnoop" 00 (8) | version 1 (4) | data link (4) |, highest byte first.
    /// pcap: | magic (4) | major 2 (2) | minor (2) | zone (4) | accuracy (4) | snapshot length (4)
    /// | link type (4) |, in the byte order that the magic shows.
    ///
    /// - Returns: the format and the header's length; nil when `bytes` end within the header.
    static func read(_ bytes: Span<UInt8>) throws(CaptureError) -> (CaptureFormat, length: Int)? {
        guard bytes.count >= 4 else { return nil }
        let magic = bytes.bigEndian(UInt32.self, at: 0)
        switch magic {
        case 0x6274_736e: return try btsnoop(bytes)
        case 0xa1b2_c3d4, 0xa1b2_3c4d:
            return try pcap(
                bytes, isLittleEndian: false, isNanoseconds: magic == 0xa1b2_3c4d)
        case 0xd4c3_b2a1, 0x4d3c_b2a1:
            return try pcap(bytes, isLittleEndian: true, isNanoseconds: magic == 0x4d3c_b2a1)
        case 0x0a0d_0d0a: throw CaptureError(offset: 0, problem: .pcapng)
        default: throw CaptureError(offset: 0, problem: .unknownFormat(firstBytes: magic))
        }
    }

    private static func btsnoop(
        _ bytes: Span<UInt8>
    ) throws(CaptureError) -> (CaptureFormat, length: Int)? {
        guard bytes.count >= 16 else { return nil }
        let rest = bytes.bigEndian(UInt32.self, at: 4)
        guard rest == 0x6f6f_7000 else {
            throw CaptureError(offset: 4, problem: .unknownFormat(firstBytes: rest))
        }
        let version = bytes.bigEndian(UInt32.self, at: 8)
        guard version == 1 else {
            throw CaptureError(offset: 8, problem: .version(version, expected: 1))
        }
        let number = bytes.bigEndian(UInt32.self, at: 12)
        guard let datalink = Datalink(rawValue: number) else {
            throw CaptureError(offset: 12, problem: .btsnoopDatalink(number))
        }
        return (.btsnoop(datalink), 16)
    }

    private static func pcap(
        _ bytes: Span<UInt8>, isLittleEndian: Bool, isNanoseconds: Bool
    ) throws(CaptureError) -> (CaptureFormat, length: Int)? {
        guard bytes.count >= 24 else { return nil }
        let major =
            isLittleEndian
            ? bytes.littleEndian(UInt16.self, at: 4) : bytes.bigEndian(UInt16.self, at: 4)
        guard major == 2 else {
            throw CaptureError(offset: 4, problem: .version(UInt32(major), expected: 2))
        }
        let word =
            isLittleEndian
            ? bytes.littleEndian(UInt32.self, at: 20) : bytes.bigEndian(UInt32.self, at: 20)
        // The highest 4 bits speak of a frame check sequence, which Bluetooth has not.
        let number = word & 0x0fff_ffff
        guard let linkType = LinkType(rawValue: number) else {
            throw CaptureError(offset: 20, problem: .pcapLinkType(number))
        }
        return (
            .pcap(linkType, isLittleEndian: isLittleEndian, isNanoseconds: isNanoseconds), 24
        )
    }
}
