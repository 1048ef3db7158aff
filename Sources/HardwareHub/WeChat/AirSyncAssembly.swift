public import BeaconScanner

/// Puts the values that a device indicates back together into packets.
///
/// A packet is cut wherever the device likes (20 bytes is usual). A new one starts only when the
/// last is whole, and the value that completes one may be padded: what is over is dropped. Each
/// packet must be whole within 5 s of its first byte, and no two of its values may be more than
/// 2 s apart; the protocol states no times, these are the hub's. One buffer, 4 KiB at the most.
public struct AirSyncAssembly: Sendable {
    /// The longest wait between two values of a packet, in nanoseconds.
    public static let fragmentTimeout: Int64 = 2_000_000_000
    /// The longest time a packet may take, in nanoseconds.
    public static let packetTimeout: Int64 = 5_000_000_000

    private var buffer: [UInt8] = []
    private var started = BootTime(nanoseconds: 0)
    private var heard = BootTime(nanoseconds: 0)

    /// Makes an assembly for one connection; make a new one when the device comes back.
    public init() {}

    /// When the packet under way has to be given up; nil when there is none.
    public var deadline: BootTime? {
        guard !buffer.isEmpty else { return nil }
        return min(
            BootTime(nanoseconds: heard.nanoseconds &+ Self.fragmentTimeout),
            BootTime(nanoseconds: started.nanoseconds &+ Self.packetTimeout))
    }

    /// A value was indicated. If the packet under way is past its deadline, this one starts anew.
    ///
    /// - Returns: the packet it completes; nil when more is to come.
    /// - Throws: `MalformedValue` for bytes that are not a packet. They are dropped, and the next
    ///   value may start a new one.
    public mutating func received(
        _ value: Span<UInt8>, at now: BootTime
    ) throws(MalformedValue) -> AirSyncPacket? {
        _ = expired(at: now)
        guard !value.isEmpty else { return nil }
        if buffer.isEmpty { started = now }
        heard = now
        // Never more than the longest packet, whatever a value's length.
        for index in 0..<min(value.count, AirSyncHeader.longestPacket &- buffer.count) {
            buffer.append(value[index])
        }
        do throws(MalformedValue) {
            try checkStart()
            guard buffer.count >= AirSyncHeader.size else { return nil }
            let header = try AirSyncHeader(buffer.span)
            guard buffer.count >= Int(header.length) else { return nil }
            let packet = try AirSyncPacket(buffer.span)
            buffer.removeAll(keepingCapacity: true)
            return packet
        } catch {
            buffer.removeAll(keepingCapacity: true)
            throw error
        }
    }

    /// Time passed: drops the packet under way when its deadline is over.
    ///
    /// - Returns: whether there was one to drop.
    public mutating func expired(at now: BootTime) -> Bool {
        guard let deadline, now > deadline else { return false }
        buffer.removeAll(keepingCapacity: true)
        return true
    }

    /// Refuses what can never become a header as soon as its first bytes are there.
    private func checkStart() throws(MalformedValue) {
        if let magic = buffer.first, magic != 0xfe {
            throw .invalid("the packet does not start with fe", at: 0)
        }
        if buffer.count > 1, buffer[1] != 1 {
            throw .invalid("the packet's version is not 1", at: 1)
        }
    }
}
