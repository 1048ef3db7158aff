public import BeaconScanner

/// One frame of the kernel's HCI monitor channel: what passed between a host and an adapter, or
/// what became of an adapter.
///
/// wire: | opcode (2) | adapter number (2) | length n (2) | payload (n) |, each lowest byte first
/// (Linux, include/net/bluetooth/hci_mon.h, struct hci_mon_hdr). One datagram is one frame.
///
/// A trivial value; making one allocates nothing and trusts no length.
public struct MonitorFrame: Hashable, Sendable {
    /// What the frame tells.
    public enum Content: Hashable, Sendable {
        /// The adapter exists. The kernel gives its address, or zeros before it has asked for it.
        case added(address: DeviceAddress, name: Name)
        /// The adapter is gone, and its number with it.
        case removed
        /// The adapter's transport was opened.
        case opened
        /// The adapter's transport was closed.
        case closed
        /// The adapter was set up: its address is known now.
        case identified(address: DeviceAddress, manufacturer: UInt16)
        /// The adapter told its host something: the payload is an HCI event, from its event code.
        case event
        /// HCI packets of another kind.
        case packet(Packet)
        /// What the kernel and other programs say; nothing of an adapter's traffic.
        case note(Note)
        /// An opcode that this version does not know; newer kernels have more.
        case unknown(UInt16)
    }

    /// HCI packets that are not events.
    public enum Packet: UInt16, Hashable, Sendable {
        /// A command to the adapter.
        case command = 2
        /// ACL data to the adapter.
        case aclSent = 4
        /// ACL data from the adapter.
        case aclReceived = 5
        /// Synchronous data to the adapter.
        case scoSent = 6
        /// Synchronous data from the adapter.
        case scoReceived = 7
        /// Isochronous data to the adapter.
        case isoSent = 18
        /// Isochronous data from the adapter.
        case isoReceived = 19
    }

    /// Frames beside the traffic.
    public enum Note: UInt16, Hashable, Sendable {
        /// The maker's own diagnostics.
        case vendorDiagnostics = 11
        /// The kernel introduces itself.
        case system = 12
        /// A program's log line.
        case userLog = 13
        /// A program opened a control socket.
        case controlOpened = 14
        /// A program closed its control socket.
        case controlClosed = 15
        /// A program's command to the kernel's Bluetooth management.
        case controlCommand = 16
        /// The management's answer.
        case controlEvent = 17
    }

    /// The kernel's name of an adapter, such as `hci0`: up to eight bytes, padded with zeros.
    public struct Name: Hashable, Sendable, CustomStringConvertible {
        /// The bytes, the first one lowest.
        let bytes: UInt64

        /// The name as text.
        public var description: String {
            let all = (0..<8).map { UInt8(truncatingIfNeeded: bytes >> (8 * $0)) }
            return String(decoding: all.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Why bytes are no frame.
    public enum Fault: Error, Hashable, Sendable {
        /// Fewer bytes than a header has.
        case noHeader
        /// Not as many bytes behind the header as it announces.
        case length
        /// A payload that is shorter or longer than its opcode asks for.
        case payload
    }

    /// Which adapter: N of hciN; `noAdapter` for notes that concern none.
    public var adapter: UInt16
    /// What the frame tells.
    public var content: Content

    /// The number that stands for no adapter (HCI_DEV_NONE).
    public static let noAdapter: UInt16 = 0xffff
    /// Bytes of the header; the payload begins behind them.
    public static let headerLength = 6

    /// Parses a frame; its payload is `bytes` from `headerLength` on.
    ///
    /// - Parameter bytes: exactly one datagram.
    /// - Throws: why it is no frame.
    public init(_ bytes: Span<UInt8>) throws(Fault) {
        guard bytes.count >= Self.headerLength else { throw .noHeader }
        guard bytes.count &- Self.headerLength == Int(bytes.word(at: 4)) else { throw .length }
        adapter = bytes.word(at: 2)
        content = try Self.content(
            bytes.word(at: 0), bytes.extracting(Self.headerLength..<bytes.count))
    }

    /// Whether an HCI event shows that something was heard: an advertising report with data in it.
    ///
    /// Some controllers go on reporting without data when they have gone deaf. The data of n reports
    /// is what the event has beyond their fields of fixed length (Core 5.4, Vol 4, Part E, §7.7.65.2
    /// and §7.7.65.13): 10 bytes each, 24 in extended reports.
    public static func isEvidence(event: Span<UInt8>) -> Bool {
        guard event.count > 4, event[0] == 0x3e else { return false }
        let fixed: Int
        switch event[2] {
        case 0x02: fixed = 10
        case 0x0d: fixed = 24
        default: return false
        }
        return event[3] > 0 && event.count > 4 &+ Int(event[3]) &* fixed
    }

    private static func content(
        _ opcode: UInt16, _ payload: Span<UInt8>
    ) throws(Fault) -> Content {
        switch opcode {
        case 3: return .event  // by far the commonest
        case 0: return try added(payload)
        case 1: return try empty(payload, .removed)
        case 8: return try empty(payload, .opened)
        case 9: return try empty(payload, .closed)
        case 10: return try identified(payload)
        default:
            if let packet = Packet(rawValue: opcode) { return .packet(packet) }
            if let note = Note(rawValue: opcode) { return .note(note) }
            return .unknown(opcode)
        }
    }

    private static func empty(
        _ payload: Span<UInt8>, _ content: Content
    ) throws(Fault) -> Content {
        guard payload.count == 0 else { throw .payload }
        return content
    }

    /// wire: | type (1) | bus (1) | address (6, lowest first) | name (8) | (struct
    /// hci_mon_new_index)
    private static func added(_ payload: Span<UInt8>) throws(Fault) -> Content {
        guard payload.count == 16 else { throw .payload }
        var name: UInt64 = 0
        for index in 0..<8 { name |= UInt64(payload[8 &+ index]) &<< UInt64(8 &* index) }
        return .added(address: payload.address(at: 2), name: Name(bytes: name))
    }

    /// wire: | address (6, lowest first) | manufacturer (2) | (struct hci_mon_index_info)
    private static func identified(_ payload: Span<UInt8>) throws(Fault) -> Content {
        guard payload.count == 8 else { throw .payload }
        return .identified(address: payload.address(at: 0), manufacturer: payload.word(at: 6))
    }
}

extension Span where Element == UInt8 {
    /// Two bytes, the lower one first, at an offset that was checked.
    fileprivate func word(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset &+ 1]) &<< 8
    }

    /// Six bytes of an adapter's address, the lowest first, at an offset that was checked.
    fileprivate func address(at offset: Int) -> DeviceAddress {
        var bits: UInt64 = 0
        for index in 0..<6 { bits |= UInt64(self[offset &+ index]) &<< UInt64(8 &* index) }
        return DeviceAddress(bits: bits, kind: .public)
    }
}
