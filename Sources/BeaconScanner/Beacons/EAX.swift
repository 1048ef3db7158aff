/// Encrypts one 16-byte block with AES-128 (FIPS 197): `(block, key) -> cipher`.
///
/// It is given from outside, so that this module needs no cipher of its own. It returns nil when
/// it cannot, and 16 bytes otherwise.
public typealias BlockCipher = @Sendable (_ block: [UInt8], _ key: [UInt8]) -> [UInt8]?

/// Decryption in EAX mode: CTR encryption with OMAC authentication (Bellare, Rogaway, Wagner,
/// "The EAX Mode of Operation", FSE 2004), with a tag that may be cut short.
struct EAX {
    private static let blockLength = 16

    private let key: [UInt8]
    private let encrypt: BlockCipher
    /// L·x and L·x² in GF(2¹²⁸), where L is the encrypted zero block (NIST SP 800-38B, §6.1).
    private let wholeBlockMask: [UInt8]
    private let partBlockMask: [UInt8]

    /// Prepares a key; nil when the cipher does not take it.
    init?(key: [UInt8], encrypt: @escaping BlockCipher) {
        let zero = [UInt8](repeating: 0, count: Self.blockLength)
        guard let seed = encrypt(zero, key), seed.count == Self.blockLength else { return nil }
        self.key = key
        self.encrypt = encrypt
        wholeBlockMask = Self.doubled(seed)
        partBlockMask = Self.doubled(wholeBlockMask)
    }

    /// Decrypts a message whose tag is right.
    ///
    /// - Parameters:
    ///   - cipher: the encrypted message.
    ///   - nonce: a value used once with this key.
    ///   - header: what the tag covers beside the message.
    ///   - tag: the first bytes of the tag.
    /// - Returns: the message; nil when the tag is wrong or empty, or the cipher fails.
    func open(_ cipher: [UInt8], nonce: [UInt8], header: [UInt8], tag: [UInt8]) -> [UInt8]? {
        guard !tag.isEmpty, tag.count <= Self.blockLength, let start = omac(0, nonce),
            let headerTag = omac(1, header), let cipherTag = omac(2, cipher)
        else { return nil }
        let expected = Self.xor(Self.xor(start, headerTag), cipherTag)
        // Every byte is compared: the time must not tell how far a guess was right.
        var difference: UInt8 = 0
        for (given, right) in zip(tag, expected) { difference |= given ^ right }
        guard difference == 0 else { return nil }
        return applyCounter(cipher, start: start)
    }

    /// OMAC of a message behind a block that holds the tweak.
    private func omac(_ tweak: UInt8, _ message: [UInt8]) -> [UInt8]? {
        var blocks = [UInt8](repeating: 0, count: Self.blockLength - 1) + [tweak] + message
        let rest = blocks.count % Self.blockLength
        if rest != 0 {
            blocks.append(0x80)
            blocks += [UInt8](repeating: 0, count: Self.blockLength - 1 - rest)
        }
        let mask = rest == 0 ? wholeBlockMask : partBlockMask
        var state = [UInt8](repeating: 0, count: Self.blockLength)
        for start in stride(from: 0, to: blocks.count, by: Self.blockLength) {
            state = Self.xor(state, Array(blocks[start..<(start + Self.blockLength)]))
            if start + Self.blockLength == blocks.count { state = Self.xor(state, mask) }
            guard let next = encrypt(state, key), next.count == Self.blockLength else {
                return nil
            }
            state = next
        }
        return state
    }

    /// Counter mode: the same for both directions.
    private func applyCounter(_ bytes: [UInt8], start: [UInt8]) -> [UInt8]? {
        var counter = start
        var output: [UInt8] = []
        for offset in stride(from: 0, to: bytes.count, by: Self.blockLength) {
            guard let stream = encrypt(counter, key) else { return nil }
            output += zip(bytes[offset...], stream).map { $0 ^ $1 }
            for index in counter.indices.reversed() {
                counter[index] &+= 1
                if counter[index] != 0 { break }
            }
        }
        return output
    }

    private static func xor(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        zip(left, right).map { $0 ^ $1 }
    }

    /// Multiplication by x in GF(2¹²⁸) with x¹²⁸ = x⁷ + x² + x + 1 (0x87).
    private static func doubled(_ block: [UInt8]) -> [UInt8] {
        var output = block
        var carry: UInt8 = 0
        for index in block.indices.reversed() {
            output[index] = block[index] << 1 | carry
            carry = block[index] >> 7
        }
        output[blockLength - 1] ^= 0x87 & (0 &- carry)
        return output
    }
}
