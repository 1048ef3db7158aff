internal import CCrypto

/// Signatures with Ed25519 (RFC 8032), through OpenSSL's libcrypto.
public enum Ed25519 {
    /// The length of a public key, in bytes (RFC 8032, §5.1.5).
    public static let keyLength = 32
    /// The length of a signature, in bytes (RFC 8032, §5.1.6).
    public static let signatureLength = 64

    /// Whether a key's owner has signed exactly these bytes.
    ///
    /// - Parameters:
    ///   - signature: 64 bytes: R and S.
    ///   - message: what was signed.
    ///   - publicKey: 32 bytes.
    /// - Returns: false for a wrong signature, and for arguments of another length.
    public static func verify(
        _ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == signatureLength, publicKey.count == keyLength,
            let key = unsafe EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        // The digest is part of the algorithm, so none is named (EVP_SIGNATURE-ED25519(7)).
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
