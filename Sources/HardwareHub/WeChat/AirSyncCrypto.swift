/// The ciphers AirSync needs, brought in from outside: this module has none of its own.
public struct AirSyncCrypto: Sendable {
    /// A cipher: text, 16-byte key and 16-byte initialization vector to text; nil when it cannot.
    public typealias Cipher =
        @Sendable (_ text: [UInt8], _ key: [UInt8], _ vector: [UInt8]) -> [UInt8]?

    private let encryptCBC: Cipher
    private let decryptCBC: Cipher
    private let digest: @Sendable ([UInt8]) -> [UInt8]

    /// Takes the ciphers.
    ///
    /// - Parameters:
    ///   - encryptCBC: AES-128 with cipher block chaining, adding PKCS #7 padding.
    ///   - decryptCBC: the reverse, leaving the padding in place.
    ///   - md5: MD5 (RFC 1321), 16 bytes.
    public init(
        encryptCBC: @escaping Cipher, decryptCBC: @escaping Cipher,
        md5: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        self.encryptCBC = encryptCBC
        self.decryptCBC = decryptCBC
        digest = md5
    }

    /// The digest a device is known by: MD5 of its type and its id, ASCII, nothing between.
    public func digest(deviceType: String, deviceID: String) -> [UInt8] {
        digest(Array((deviceType + deviceID).utf8))
    }

    /// Encrypts a body or a key. The initialization vector is the key itself: the protocol's choice.
    ///
    /// - Returns: nil unless the key has 16 bytes.
    public func encrypt(_ plain: [UInt8], key: [UInt8]) -> [UInt8]? {
        encryptCBC(plain, key, key)
    }

    /// Decrypts a body and removes its padding.
    ///
    /// - Returns: nil unless the key has 16 bytes and every byte of the padding is right: another
    ///   key, or damage.
    public func decrypt(_ coded: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard !coded.isEmpty, let padded = decryptCBC(coded, key, key), let last = padded.last,
            (1...16).contains(last), padded.count >= Int(last),
            padded.suffix(Int(last)).allSatisfy({ $0 == last })
        else { return nil }
        return Array(padded.dropLast(Int(last)))
    }

    /// Decrypts the session key of an `AuthResponse`: with padding (32 bytes) or without (16).
    ///
    /// - Returns: 16 bytes; nil for another length or a wrong padding.
    public func sessionKey(from coded: [UInt8], deviceKey: [UInt8]) -> [UInt8]? {
        let plain =
            coded.count == 16
            ? decryptCBC(coded, deviceKey, deviceKey) : decrypt(coded, key: deviceKey)
        return plain?.count == 16 ? plain : nil
    }
}

/// A device's proof that it has the key ("AesSign").
///
/// 12 bytes, encrypted with the device's key to 16:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | random number, big-endian |
/// | 4 | 4 | sequence number, big-endian; has to grow for each device, or the proof is a replay |
/// | 8 | 4 | CRC-32 of the device id and the first eight bytes, big-endian |
public struct AirSyncProof: Hashable, Sendable {
    /// Chosen by the device.
    public let random: UInt32
    /// Counts the device's proofs; the caller refuses one that is not above the last.
    public let sequence: UInt32
    /// As the device sent it, or as it should be.
    public let checksum: UInt32

    /// Makes the proof of a device.
    public init(random: UInt32, sequence: UInt32, deviceID: String) {
        self.random = random
        self.sequence = sequence
        checksum = Self.checksum(random, sequence, deviceID)
    }

    /// Decrypts a proof.
    ///
    /// - Returns: nil when the key is another one or the proof is damaged.
    public init?(_ coded: [UInt8], deviceKey: [UInt8], crypto: AirSyncCrypto) {
        guard let plain = crypto.decrypt(coded, key: deviceKey), plain.count == 12 else {
            return nil
        }
        func word(_ start: Int) -> UInt32 {
            plain[start..<(start &+ 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
        (random, sequence, checksum) = (word(0), word(4), word(8))
    }

    /// Whether the proof is this device's.
    public func isValid(deviceID: String) -> Bool {
        checksum == Self.checksum(random, sequence, deviceID)
    }

    /// The 12 bytes before encryption.
    public var plain: [UInt8] { Self.bigEndian([random, sequence, checksum]) }

    private static func checksum(_ random: UInt32, _ sequence: UInt32, _ id: String) -> UInt32 {
        CRC32.ieee(Array(id.utf8) + bigEndian([random, sequence]))
    }

    private static func bigEndian(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
    }
}
