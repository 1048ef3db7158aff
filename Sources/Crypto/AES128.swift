internal import CCrypto

/// AES with a 128-bit key, through OpenSSL's libcrypto.
public enum AES128 {
    /// The length of keys, blocks and initialization vectors, in bytes (FIPS 197).
    public static let blockLength = 16

    /// Encrypts one block on its own (ECB).
    ///
    /// - Returns: 16 bytes; nil unless key and block are 16 bytes each.
    public static func encryptBlock(_ block: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard block.count == blockLength else { return nil }
        return unsafe run(
            block, key: key, vector: nil, cipher: EVP_aes_128_ecb(), encrypt: true, padding: false)
    }

    /// Encrypts many blocks, each on its own (ECB).
    ///
    /// - Returns: as many bytes; nil unless the key has 16 bytes and the input is whole blocks.
    public static func encryptBlocks(_ blocks: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard blocks.count % blockLength == 0 else { return nil }
        return unsafe run(
            blocks, key: key, vector: nil, cipher: EVP_aes_128_ecb(), encrypt: true, padding: false)
    }

    /// Encrypts with cipher block chaining and PKCS #7 padding (RFC 5652, §6.3).
    ///
    /// - Returns: nil unless key and vector are 16 bytes each.
    public static func encryptCBC(_ plain: [UInt8], key: [UInt8], vector: [UInt8]) -> [UInt8]? {
        unsafe run(
            plain, key: key, vector: vector, cipher: EVP_aes_128_cbc(), encrypt: true, padding: true
        )
    }

    /// Decrypts with cipher block chaining, without removing padding.
    ///
    /// - Returns: nil unless key and vector are 16 bytes each and the input is whole blocks.
    public static func decryptCBC(_ coded: [UInt8], key: [UInt8], vector: [UInt8]) -> [UInt8]? {
        guard coded.count % blockLength == 0 else { return nil }
        return unsafe run(
            coded, key: key, vector: vector, cipher: EVP_aes_128_cbc(), encrypt: false,
            padding: false)
    }

    private static func run(
        _ input: [UInt8], key: [UInt8], vector: [UInt8]?, cipher: OpaquePointer?, encrypt: Bool,
        padding: Bool
    ) -> [UInt8]? {
        guard key.count == blockLength, vector.map({ $0.count == blockLength }) ?? true,
            input.count <= Int(Int32.max) - blockLength, let context = unsafe EVP_CIPHER_CTX_new()
        else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: input.count + blockLength)
        var written: Int32 = 0
        var rest: Int32 = 0
        guard
            unsafe EVP_CipherInit_ex(context, cipher, nil, key, vector ?? key, encrypt ? 1 : 0)
                == 1,
            unsafe EVP_CIPHER_CTX_set_padding(context, padding ? 1 : 0) == 1,
            unsafe EVP_CipherUpdate(context, &output, &written, input, Int32(input.count)) == 1,
            unsafe output.withUnsafeMutableBufferPointer({ buffer in
                guard let base = buffer.baseAddress else { return Int32(0) }
                return unsafe EVP_CipherFinal_ex(context, base + Int(written), &rest)
            }) == 1
        else { return nil }
        return Array(output.prefix(Int(written + rest)))
    }
}
