/// How AirKiss tells a device the Wi-Fi's name and password before it is in the Wi-Fi: by the
/// lengths of broadcast datagrams, nine bits each, that a receiver outside can see.
///
/// | part | symbols |
/// |---|---|
/// | guide | 1, 2, 3, 4: tells the constant that the radio adds to each length |
/// | magic | 00 + high, 10 + low nibble of the total; 20 + high, 30 + low nibble of the name's CRC |
/// | prefix | 40 + high, 50 + low nibble of the password's length; 60, 70 + those of its CRC |
/// | sequence | 80 + CRC (7 bits), 80 + index, then 100 + byte, four times; fewer at the end |
///
/// Total is password, random byte and name, in that order and in bytes. Where the first symbol
/// would be 0 it is 8, as no datagram is that short. CRCs are CRC-8/MAXIM; a sequence's covers its
/// index and the bytes it really has.
public struct AirKissSymbols: Hashable, Sendable {
    /// The four symbols that give the base length.
    public static let guide: [UInt16] = [1, 2, 3, 4]
    /// Longest network name in bytes (IEEE 802.11-2020, 9.4.2.2).
    public static let longestName = 32
    /// Longest password in bytes (WPA2 passphrase or 64 hexadecimal digits of a key).
    public static let longestPassword = 64
    /// Bytes in a whole sequence.
    static let sequenceSize = 4

    /// Sent some 20 times after the guide.
    public let magic: [UInt16]
    /// Sent once before each round of the sequences.
    public let prefix: [UInt16]
    /// Sent in rounds until the device answers.
    public let sequences: [[UInt16]]

    /// Codes a name and a password.
    ///
    /// - Returns: nil for a name without bytes or one of the two longer than its limit.
    public init?(_ message: AirKissMessage) {
        guard (1...Self.longestName).contains(message.name.count),
            message.password.count <= Self.longestPassword
        else { return nil }
        let bytes = message.bytes
        let magic = Self.nibbles(UInt8(bytes.count), CRC8.maxim(message.name), from: 0)
        self.magic = magic[0] == 0 ? [8] + magic.dropFirst() : magic
        let length = UInt8(message.password.count)
        prefix = Self.nibbles(length, CRC8.maxim([length]), from: 0x40)
        sequences = stride(from: 0, to: bytes.count, by: Self.sequenceSize).map { start in
            let index = UInt8(start / Self.sequenceSize)
            let group = bytes[start..<min(start + Self.sequenceSize, bytes.count)]
            let crc = CRC8.maxim([index] + group)
            return [0x80 | UInt16(crc & 0x7f), 0x80 | UInt16(index)]
                + group.map { 0x100 | UInt16($0) }
        }
    }

    private static func nibbles(_ first: UInt8, _ second: UInt8, from base: UInt16) -> [UInt16] {
        [
            base | UInt16(first >> 4), base | 0x10 | UInt16(first & 15),
            base | 0x20 | UInt16(second >> 4), base | 0x30 | UInt16(second & 15),
        ]
    }
}

/// What AirKiss tells a device.
public struct AirKissMessage: Hashable, Sendable {
    /// The network's name (SSID).
    public let name: [UInt8]
    /// The network's password; empty for an open network.
    public let password: [UInt8]
    /// The device broadcasts this byte to UDP port 10000 when it is in the network.
    public let random: UInt8

    /// Makes a message.
    public init(name: [UInt8], password: [UInt8], random: UInt8) {
        self.name = name
        self.password = password
        self.random = random
    }

    /// Password, random byte and name, as they are sent.
    var bytes: [UInt8] { password + [random] + name }
}
