import Crypto
import TestSupport
import Testing

@testable import HardwareHub

@Suite("A device proves its key, and only with the right key")
struct AirSyncCryptoTests {
    let crypto = AirSyncCrypto.openSSL
    let deviceKey = [UInt8](0..<16)
    let id = "WeChatBluetoothDevice"
    let sign = hex("2caf3669fea2c70ce519fe548fc4a731")

    @Test func proofMadeAndChecked() throws {
        let made = AirSyncProof(random: 0x1122_3344, sequence: 1, deviceID: id)
        #expect(made.plain == hex("11223344000000015027cbc6"))
        #expect(crypto.encrypt(made.plain, key: deviceKey) == sign)
        let read = try #require(AirSyncProof(sign, deviceKey: deviceKey, crypto: crypto))
        #expect(read == made && read.isValid(deviceID: id))
        #expect(!read.isValid(deviceID: "another"))
    }

    @Test func wrongKeyOrDamage() {
        #expect(AirSyncProof(sign, deviceKey: [UInt8](1..<17), crypto: crypto) == nil)
        #expect(AirSyncProof(sign, deviceKey: [1], crypto: crypto) == nil)
        #expect(AirSyncProof([], deviceKey: deviceKey, crypto: crypto) == nil)
        ByteVerifier.neighbours(of: sign) { bytes in
            guard bytes != sign else { return }
            let proof = AirSyncProof(bytes, deviceKey: deviceKey, crypto: crypto)
            #expect(proof?.isValid(deviceID: id) != true)
        }
    }

    @Test func digests() {
        #expect(
            crypto.digest(deviceType: "WeChatDev", deviceID: id)
                == hex("37608c007922ba3580215322916d3545"))
        #expect(
            crypto.digest(deviceType: "gh_1bafe245c2cb", deviceID: id)
                == hex("3025960ed384186be799e41f431f643b"))
    }

    /// With padding as the specification of the cipher says, or without as sample code reads it.
    @Test func sessionKeys() throws {
        let session = [UInt8](0xa0...0xaf)
        let padded = try #require(crypto.encrypt(session, key: deviceKey))
        #expect(padded.count == 32)
        #expect(crypto.sessionKey(from: padded, deviceKey: deviceKey) == session)
        let bare = Array(padded.prefix(16))
        #expect(crypto.sessionKey(from: bare, deviceKey: deviceKey) == session)
        for count in [0, 1, 15, 17, 31, 48] {
            let coded = [UInt8](repeating: 1, count: count)
            #expect(crypto.sessionKey(from: coded, deviceKey: deviceKey) == nil)
        }
    }

    /// Every length round one and two blocks; every wrong padding is refused.
    @Test func padding() throws {
        for count in 0...33 {
            let plain = [UInt8](repeating: 9, count: count)
            let coded = try #require(crypto.encrypt(plain, key: deviceKey))
            #expect(crypto.decrypt(coded, key: deviceKey) == plain)
        }
        let passThrough = AirSyncCrypto(
            encryptCBC: { text, _, _ in text }, decryptCBC: { text, _, _ in text }, md5: { $0 })
        for last in UInt8.min...UInt8.max {
            let block = [UInt8](repeating: 3, count: 15) + [last]
            let expected = last == 1 ? 15 : last == 3 ? 13 : nil
            #expect(passThrough.decrypt(block, key: [])?.count == expected)
        }
        #expect(passThrough.decrypt([2], key: []) == nil)
        #expect(passThrough.decrypt([], key: []) == nil)
    }

    @Test func checksums() {
        let digits = Array("123456789".utf8)
        #expect(CRC32.ieee(digits) == 0xcbf4_3926)
        #expect(CRC8.maxim(digits) == 0xa1)
        #expect(InitRequest(challenge: Array("1234".utf8)).answer == 2_615_402_659)
        #expect(InitRequest(challenge: hex("11223344")).answer == 0x77f2_9dd1)
        #expect(InitRequest().answer == nil)
    }

    /// A device with the identity of WeChat's public sample firmware is recognized as one.
    @Test func decodingWithHelp() throws {
        let digest = Digest.md5(Array("gh_xdev".utf8))
        var aids = DecodeAids(crypto: crypto, deviceType: "gh_x", deviceID: "dev")
        #expect(try DecodeArea.airSync.decode(digest.span, aids: aids)["device_id"] == .text("dev"))
        #expect(try DecodeArea.airSync.decode(digest.span)["device_id"] == nil)
        let key = [UInt8](repeating: 9, count: 16)
        let proof = AirSyncProof(random: 7, sequence: 8, deviceID: "dev")
        let coded = try #require(crypto.encrypt(proof.plain, key: key))
        aids.key = key
        let fields = try DecodeArea.airSync.decode(coded.span, aids: aids)
        #expect(fields["device_id"] == .text("dev") && fields["proof_seq"] == .integer(8))
        #expect(try DecodeArea.airSync.decode(coded.span)["md5"] != nil)
    }
}
