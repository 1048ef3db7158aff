import Configuration
import Crypto
import Outbox

/// The public keys one of which must have signed a catalog.
struct CatalogKeys {
    /// Enough to change from one key to the next, and for a second signer.
    private static let most = 8
    /// What goes before the key in a `SubjectPublicKeyInfo` (RFC 8410, §4): SEQUENCE, SEQUENCE, the
    /// OID 1.3.101.112, BIT STRING of 33 bytes without unused bits.
    private static let prefix: [UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]

    let keys: [[UInt8]]

    /// Reads the file that the configuration names.
    init(reading name: String) throws(Problem) {
        let path = Credential.path(of: name)
        let file = try SourceFile(reading: path, limit: 16_384)
        guard let keys = Self.keys(in: String(decoding: file.bytes, as: UTF8.self)) else {
            throw Problem(
                file: path, found: "no Ed25519 public key",
                expected: "PEM (openssl pkey -pubout), 64 hexadecimal digits or base64 on each line"
            )
        }
        self.keys = keys
    }

    /// The keys of a text: PEM blocks, and lines of 64 hexadecimal digits or of base64; `#` begins a
    /// comment. Nil when there is none, or something else.
    static func keys(in text: String) -> [[UInt8]]? {
        var keys: [[UInt8]] = []
        var block: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let word = String(line.filter { !$0.isWhitespace })
            switch (word, block) {
            case ("-----BEGINPUBLICKEY-----", nil): block = ""
            case ("-----ENDPUBLICKEY-----", let content?):
                guard let bytes = Base64.decode(content), bytes.starts(with: prefix),
                    bytes.count == prefix.count + Ed25519.keyLength
                else { return nil }
                keys.append(Array(bytes.dropFirst(prefix.count)))
                block = nil
            case (_, let content?): block = content + word
            case ("", nil): break
            case (_, nil) where word.hasPrefix("#"): break
            case (_, nil):
                guard let key = bytes(word), key.count == Ed25519.keyLength else { return nil }
                keys.append(key)
            }
        }
        return block == nil && (1...most).contains(keys.count) ? keys : nil
    }

    private static func bytes(_ word: String) -> [UInt8]? {
        guard word.utf8.count == 2 * Ed25519.keyLength else { return Base64.decode(word) }
        let digits = word.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == word.utf8.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// Whether one of the keys signed these bytes.
    func verify(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        keys.contains { Ed25519.verify(signature, of: bytes, publicKey: $0) }
    }
}
