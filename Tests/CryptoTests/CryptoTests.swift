import Crypto
import TestSupport
import Testing

@Suite("Ciphers and digests agree with their published vectors")
struct CryptoTests {
    let key = hex("2b7e151628aed2a6abf7158809cf4f3c")
    let block = hex("6bc1bee22e409f96e93d7e117393172a")

    /// NIST SP 800-38A, F.1.1.
    @Test func electronicCodebook() {
        #expect(
            AES128.encryptBlock(block, key: key) == hex("3ad77bb40d7a3660a89ecaf32466ef97"))
    }

    /// NIST SP 800-38A, F.2.1; the second block is ours: PKCS #7 padding.
    @Test func cipherBlockChaining() throws {
        let vector = hex("000102030405060708090a0b0c0d0e0f")
        let coded = try #require(AES128.encryptCBC(block, key: key, vector: vector))
        #expect(coded.prefix(16).elementsEqual(hex("7649abac8119b246cee98e9b12e9197d")))
        let plain = try #require(AES128.decryptCBC(coded, key: key, vector: vector))
        #expect(plain == block + [UInt8](repeating: 16, count: 16))
    }

    @Test func wrongLengths() {
        #expect(AES128.encryptBlock([1], key: key) == nil)
        #expect(AES128.encryptBlock(block, key: [1]) == nil)
        #expect(AES128.encryptCBC(block, key: key, vector: [1]) == nil)
        #expect(AES128.decryptCBC(Array(block.dropLast()), key: key, vector: key) == nil)
        #expect(AES128.decryptCBC([], key: key, vector: key) == [])
    }

    /// RFC 1321, A.5; FIPS 180-4 example; RFC 4231, test case 2.
    @Test func digests() {
        #expect(Digest.md5(Array("abc".utf8)) == hex("900150983cd24fb0d6963f7d28e17f72"))
        #expect(
            Digest.sha256(Array("abc".utf8))
                == hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(
            Digest.hmacSHA256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    }

    @Test func comparison() {
        #expect(Digest.equal([1, 2], [1, 2]))
        #expect(!Digest.equal([1, 2], [1, 3]))
        #expect(!Digest.equal([1, 2], [1]))
        #expect(Digest.equal([], []))
    }

    @Test func randomness() {
        #expect(randomBytes(16).count == 16)
        #expect(randomBytes(16) != randomBytes(16))
        #expect(randomBytes(0).isEmpty)
    }
}
