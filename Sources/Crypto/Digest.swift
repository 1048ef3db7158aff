internal import CCrypto

/// Message digests and authentication codes, through OpenSSL's libcrypto.
public enum Digest {
    /// MD5 (RFC 1321), 16 bytes: for protocols that ask for it, never for security.
    public static func md5(_ bytes: [UInt8]) -> [UInt8] {
        unsafe digest(bytes, EVP_md5(), length: 16)
    }

    /// SHA-256 (FIPS 180-4), 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        unsafe digest(bytes, EVP_sha256(), length: 32)
    }

    /// HMAC with SHA-256 (RFC 2104), 32 bytes.
    ///
    /// - Returns: nil for a key longer than libcrypto takes (2³¹ − 1 bytes).
    public static func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard let keyLength = Int32(exactly: key.count) else { return nil }
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe HMAC(EVP_sha256(), key, keyLength, bytes, bytes.count, &code, &length)
        return unsafe done == nil ? nil : code
    }

    /// Whether two codes are equal, in a time that does not tell where they differ.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(left, right, left.count) == 0
    }

    private static func digest(_ bytes: [UInt8], _ kind: OpaquePointer?, length: Int) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        var written: UInt32 = 0
        // Fails only when memory is out or a provider has switched the digest off (FIPS mode).
        let done = unsafe EVP_Digest(bytes, bytes.count, &output, &written, kind, nil)
        return done == 1 ? output : []
    }
}
