/// Packets on their way to an AirSync device: cut into values, written one after the other.
///
/// The next value goes out when the device has answered the last: applications that wrote faster
/// lost some. Bounded, because a device may ask faster than it takes the answers.
struct AirSyncOutgoing: Sendable {
    /// The most packets that wait: a device with one request under way at a time needs one, and an
    /// ETC reader's longest message has two.
    static let mostPackets = 16

    /// How many bytes one value may have, whatever the connection could carry: the protocol cuts its
    /// packets so in both directions, and devices have buffers for no more.
    static let longestValue = 20
    private var values: [[UInt8]] = []
    private var packets: [Int] = []

    /// Whether nothing waits.
    var isEmpty: Bool { values.isEmpty }

    /// Puts a packet at the end.
    ///
    /// - Returns: whether there was room.
    mutating func append(_ packet: AirSyncPacket) -> Bool {
        guard packets.count < Self.mostPackets else { return false }
        let fragments = packet.fragments(of: Self.longestValue)
        values += fragments
        packets.append(fragments.count)
        return true
    }

    /// Takes the next value to write.
    mutating func next() -> [UInt8]? {
        guard !values.isEmpty else { return nil }
        if let rest = packets.first {
            if rest > 1 { packets[0] = rest &- 1 } else { packets.removeFirst() }
        }
        return values.removeFirst()
    }

    /// Drops what waits.
    mutating func clear() {
        values.removeAll()
        packets.removeAll()
    }
}
