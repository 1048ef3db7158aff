/// One packet of a capture: a trivial value that says where in the chunk its bytes lie.
public struct CaptureRecord: Hashable, Sendable {
    /// What the bytes are.
    public enum Kind: UInt8, Sendable {
        /// An HCI command.
        case command = 1
        /// HCI ACL data.
        case acl = 2
        /// HCI synchronous data.
        case sco = 3
        /// An HCI event, from its event code on.
        case event = 4
        /// HCI isochronous data.
        case iso = 5
        /// A link-layer packet of LE advertising, from its PDU header on; a CRC may follow.
        case linkLayer = 6
    }

    /// Which way a packet went.
    public enum Direction: UInt8, Sendable {
        /// From the host to the controller.
        case sent
        /// From the controller to the host, or off the air.
        case received
        /// The format does not say.
        case unknown
    }

    // Four words, so that it is returned in registers.

    /// When it was captured, in µs since 1970-01-01 00:00 UTC.
    public var time: Int64
    /// Where its bytes begin in the chunk that was read.
    public var start: Int
    /// How many bytes it has.
    public var count: UInt32
    /// The number of the adapter; 0 in formats for one adapter.
    public var adapter: UInt16
    /// What the bytes are.
    public var kind: Kind
    /// Which way the packet went.
    public var direction: Direction
    /// How strongly a link-layer packet was received; unavailable for the other kinds.
    public var rssi: RSSI
    /// How a link-layer packet was sent; `.none` for the other kinds.
    public var phy: Advertisement.PHY

    @inlinable
    init(
        time: Int64, start: Int, count: UInt32, adapter: UInt16, kind: Kind, direction: Direction,
        rssi: RSSI, phy: Advertisement.PHY
    ) {
        self.time = time
        self.start = start
        self.count = count
        self.adapter = adapter
        self.kind = kind
        self.direction = direction
        self.rssi = rssi
        self.phy = phy
    }

    /// Where its bytes lie in the chunk that was read.
    @inlinable
    public var bytes: Range<Int> { start..<(start &+ Int(count)) }
}

/// What became of a capture's records.
public struct CaptureCounts: Hashable, Sendable {
    /// Records that were read, of any kind.
    public var records: UInt64 = 0
    /// Records that hold less than the packet had: they are used as far as they go.
    public var snapped: UInt64 = 0
    /// Records of a kind that is not returned, such as the Linux monitor's notes.
    public var other: UInt64 = 0
    /// Records that are too short for what they should hold, or of an unknown packet type.
    public var malformed: UInt64 = 0
    /// Link-layer packets whose checksum was wrong.
    public var badCRC: UInt64 = 0
    /// Records that the file ends within: 0 or 1.
    public var partial: UInt64 = 0

    /// Makes counts of zero.
    public init() {}
}
