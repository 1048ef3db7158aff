/// What a card reader can be asked: one message, carried in one or more `ReaderFrame`s.
public enum ReaderRequest: Hashable, Sendable {
    /// `A2`: shake hands.
    case handshake
    /// `A3`, data type, length (2, little-endian), items: commands for the card.
    ///
    /// Only the last one's reply is asked for, and those of others that fail.
    case card([CardCommand])
    /// `A5`, length, query: something about the reader.
    case reader(Query)

    /// What a reader can tell about itself.
    public enum Query: UInt8, Sendable {
        /// Its number.
        case number = 0xc0
        /// Its version.
        case version = 0xc1
        /// Its battery.
        case battery = 0xc2
        /// Nothing: it switches itself off.
        case powerOff = 0xc3
        /// Nothing: it starts its time-out anew.
        case clearTimeout = 0xc4
        /// The card's id.
        case cardID = 0xc5
        /// The on-board unit's MAC address.
        case onBoardUnit = 0xc6
    }

    /// The message's bytes.
    ///
    /// - Returns: nil for no or more than 15 commands, or commands of more than 255 bytes in all.
    public var bytes: [UInt8]? {
        switch self {
        case .handshake: return [0xa2]
        case .reader(let query): return [0xa5, 1, query.rawValue]
        case .card(let commands):
            guard !commands.isEmpty, commands.count <= ReaderItems.most else { return nil }
            let items = commands.enumerated().map { index, command in
                let number = UInt8(index + 1)
                return (number | (number < commands.count ? 0x80 : 0), command.bytes)
            }
            guard let list = ReaderItems.write(items, outer: 0x80) else { return nil }
            let length = UInt16(truncatingIfNeeded: list.count)
            return [
                0xa3, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8),
            ] + list
        }
    }

    /// The AirSync packets that carry the message, to be written in this order.
    ///
    /// - Parameter number: the frames' number, and the first packet's sequence number.
    /// - Returns: nil where `bytes` is nil.
    public func packets(number: UInt8) -> [AirSyncPacket]? {
        guard let bytes, let frames = ReaderFrame.frames(of: bytes, number: number) else {
            return nil
        }
        return frames.enumerated().compactMap { index, frame in
            AirSyncPacket(
                command: .receiveDataPush, sequence: UInt16(number) &+ UInt16(index),
                body: AirSyncData(data: frame.bytes, type: .manufacturer).body)
        }
    }
}
