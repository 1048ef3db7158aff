import Crypto
import TestSupport
import Testing

@testable import BeaconScanner

@Suite("EAX opens what its inventors sealed, and nothing that was changed")
struct EAXTests {
    /// A test vector of the paper (Bellare, Rogaway, Wagner, appendix G).
    struct Sealed: Sendable, CustomTestStringConvertible {
        let message: String
        let key: String
        let nonce: String
        let header: String
        let cipher: String

        var testDescription: String { "\(message.count / 2) bytes" }
    }

    static let published = [
        Sealed(
            message: "", key: "233952DEE4D5ED5F9B9C6D6FF80FF478",
            nonce: "62EC67F9C3A4A407FCB2A8C49031A8B3", header: "6BFB914FD07EAE6B",
            cipher: "E037830E8389F27B025A2D6527E79D01"),
        Sealed(
            message: "F7FB", key: "91945D3F4DCBEE0BF45EF52255F095A4",
            nonce: "BECAF043B0A23D843194BA972C66DEBD", header: "FA3BFD4806EB53FA",
            cipher: "19DD5C4C9331049D0BDAB0277408F67967E5"),
        Sealed(
            message: "1A47CB4933", key: "01F74AD64077F2E704C0F60ADA3DD523",
            nonce: "70C3DB4F0D26368400A10ED05D2BFF5E", header: "234A3463C1264AC6",
            cipher: "D851D5BAE03A59F238A23E39199DC9266626C40F80"),
        Sealed(
            message: "8B0A79306C9CE7ED99DAE4F87F8DD61636",
            key: "7C77D6E813BED5AC98BAA417477A2E7D", nonce: "1A8C98DCD73D38393B2BF1569DEEFC19",
            header: "65D2017990D62528",
            cipher: "02083E3979DA014812F59F11D52630DA30137327D10649B0AA6E1C181DB617D7F2"),
    ]

    @Test(arguments: published)
    func opens(sealed: Sealed) throws {
        let mode = try #require(
            EAX(key: hex(sealed.key)) { AES128.encryptBlock($0, key: $1) })
        let whole = hex(sealed.cipher)
        let cipher = Array(whole.dropLast(16))
        let tag = Array(whole.suffix(16))
        let nonce = hex(sealed.nonce)
        let header = hex(sealed.header)
        let message = hex(sealed.message)
        for length in [1, 2, 15, 16] {
            let part = Array(tag.prefix(length))
            #expect(mode.open(cipher, nonce: nonce, header: header, tag: part) == message)
        }
        #expect(mode.open(cipher, nonce: nonce, header: header, tag: []) == nil)
        #expect(mode.open(cipher, nonce: nonce, header: header, tag: tag + [0]) == nil)
        #expect(mode.open(cipher, nonce: nonce, header: [], tag: tag) == nil)
        #expect(mode.open(cipher, nonce: [0], header: header, tag: tag) == nil)
        for index in tag.indices {
            var changed = tag
            changed[index] ^= 0x80
            #expect(mode.open(cipher, nonce: nonce, header: header, tag: changed) == nil)
        }
    }
}
