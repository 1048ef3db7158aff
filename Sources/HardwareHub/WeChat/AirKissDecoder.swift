/// Collects AirKiss symbols until name and password are whole: the receiver's side.
///
/// Symbols may be lost, repeated or come in another round; what is kept has a matching CRC, and
/// the whole is believed only when the name matches the CRC sent with the magic.
public struct AirKissDecoder: Sendable {
    /// What the last four symbols of one kind said, most significant nibble first.
    private struct Nibbles {
        var values: [UInt8] = []

        /// Takes nibble `index` of four; returns two bytes with the last.
        mutating func take(_ index: Int, _ nibble: UInt8) -> (UInt8, UInt8)? {
            if index == 0 { values.removeAll(keepingCapacity: true) }
            guard index == values.count else {
                values.removeAll(keepingCapacity: true)
                return nil
            }
            values.append(nibble)
            guard values.count == 4 else { return nil }
            defer { values.removeAll(keepingCapacity: true) }
            return (values[0] << 4 | values[1], values[2] << 4 | values[3])
        }
    }

    private var magic = Nibbles()
    private var prefix = Nibbles()
    private var nameCRC: UInt8 = 0
    private var passwordLength: Int?
    /// One place for each byte of the total; nil until it came.
    private var bytes: [UInt8?] = []
    /// CRC, index and bytes of the sequence under way.
    private var sequence: [UInt16] = []

    /// Makes a decoder without anything in it.
    public init() {}

    /// Bytes that came, and bytes there will be; both 0 before the magic.
    public var progress: (received: Int, total: Int) {
        (bytes.count { $0 != nil }, bytes.count)
    }

    /// A symbol came: a length on the radio less the base length.
    ///
    /// - Returns: the message, once it is whole.
    public mutating func received(_ symbol: UInt16) -> AirKissMessage? {
        let nibble = UInt8(truncatingIfNeeded: symbol & 15)
        switch symbol {
        case 0x00..<0x40:
            // 8 stands for a high nibble of 0: a total of 128 or more does not exist.
            let value = symbol == 8 ? 0 : nibble
            if let (total, crc) = magic.take(Int(symbol >> 4), value) { begin(Int(total), crc) }
        case 0x40..<0x80:
            if let (length, crc) = prefix.take(Int(symbol >> 4) &- 4, nibble),
                CRC8.maxim([length]) == crc, length <= AirKissSymbols.longestPassword
            {
                passwordLength = Int(length)
            }
        case 0x80..<0x100:
            // The first two of a sequence; a third means that the last one broke off.
            if sequence.count != 1 { sequence.removeAll(keepingCapacity: true) }
            sequence.append(symbol)
        case 0x100..<0x200 where sequence.count >= 2:
            sequence.append(symbol)
            keepIfWhole()
        default: sequence.removeAll(keepingCapacity: true)
        }
        return message
    }

    /// A magic came. The same as before changes nothing; another starts anew.
    private mutating func begin(_ total: Int, _ crc: UInt8) {
        let longest = AirKissSymbols.longestPassword + 1 + AirKissSymbols.longestName
        guard (2...longest).contains(total), total != bytes.count || crc != nameCRC else { return }
        bytes = Array(repeating: nil, count: total)
        nameCRC = crc
        passwordLength = nil
    }

    private mutating func keepIfWhole() {
        let start = Int(sequence[1] & 0x7f) &* AirKissSymbols.sequenceSize
        let count = min(AirKissSymbols.sequenceSize, bytes.count &- start)
        guard sequence.count &- 2 >= count else { return }
        defer { sequence.removeAll(keepingCapacity: true) }
        guard count > 0 else { return }
        let group = sequence[2..<(2 &+ count)].map { UInt8(truncatingIfNeeded: $0) }
        let index = UInt8(truncatingIfNeeded: sequence[1] & 0x7f)
        guard CRC8.maxim([index] + group) & 0x7f == sequence[0] & 0x7f else { return }
        for (offset, byte) in group.enumerated() { bytes[start &+ offset] = byte }
    }

    private var message: AirKissMessage? {
        guard let passwordLength, passwordLength < bytes.count else { return nil }
        let whole = bytes.compactMap(\.self)
        let name = Array(whole.dropFirst(passwordLength &+ 1))
        guard whole.count == bytes.count, CRC8.maxim(name) == nameCRC else { return nil }
        return AirKissMessage(
            name: name, password: Array(whole.prefix(passwordLength)),
            random: whole[passwordLength])
    }
}

extension AirKissDecoder {
    /// Decodes lengths as they were seen, the guide among them.
    ///
    /// - Parameters:
    ///   - lengths: lengths in the order they were seen.
    ///   - baseLength: what the radio added to each symbol; nil to take it from the guide.
    /// - Returns: the message and the base length; nil when it is not whole.
    public static func decode(
        _ lengths: [UInt16], baseLength: UInt16? = nil
    ) -> (message: AirKissMessage, baseLength: UInt16)? {
        var candidates = baseLength.map { [$0] } ?? []
        // Four lengths that rise by one are a guide, or part of a password such as "1234".
        for index in lengths.indices.dropLast(3) where baseLength == nil {
            let first = lengths[index]
            guard first >= 1, (1..<4).allSatisfy({ lengths[index + $0] == first &+ UInt16($0) }),
                !candidates.contains(first &- 1), candidates.count < 16
            else { continue }
            candidates.append(first &- 1)
        }
        for base in candidates {
            var decoder = AirKissDecoder()
            for length in lengths where length >= base {
                if let message = decoder.received(length &- base) { return (message, base) }
            }
        }
        return nil
    }
}
