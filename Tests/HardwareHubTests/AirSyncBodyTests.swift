import BeaconScanner
import TestSupport
import Testing

@testable import HardwareHub

@Suite("A body is read in the clear or with a key, whichever holds")
struct AirSyncBodyTests {
    private func decode(_ text: String, key: [UInt8]? = nil) throws -> DecodedFields {
        try DecodeArea.airSync.decode(text: text, aids: DecodeAids(crypto: .openSSL, key: key))
    }

    /// A packet around a body.
    private func packet(_ command: AirSyncCommand, _ body: [UInt8]) throws -> String {
        Hex.lower(try #require(AirSyncPacket(command: command, sequence: 2, body: body)).bytes)
    }

    private let sessionKey = [UInt8](0xa0...0xaf)

    /// Some devices leave out the base request, and 16 bytes may be 16 bytes of anything.
    @Test func wholeBlocksInTheClear() throws {
        let data = try decode("fe01001827120003120e7878787878787878787878787878")
        #expect(data["data"] == .text("xxxxxxxxxxxxxx") && data["encrypted"] == nil)
        let request = try decode("fe010018271300001a043132333412083132333435363738")
        #expect(request["challenge"] == .text("31323334"))
        #expect(request["resp_field_filter"] == .text("3132333435363738"))
        #expect(request["encrypted"] == nil)
        let error = try decode("fe010018752f0003" + "0a".padded(to: 32))
        #expect(error["meaning"] == .text("the other side could not decode"))
        #expect(try decode("fe010018ea600003" + "77".padded(to: 32))["encrypted"] == nil)
    }

    /// Ciphertext begins like a message once in 256.
    @Test func ciphertextThatBeginsLikeAMessage() throws {
        let text = "fe010018271200030ad3ece47f521eed316e65f2c6d03c27"
        let opened = try decode(text, key: sessionKey)
        #expect(opened["plain"] == .text("0a001204000000a3") && opened["encrypted"] == .bool(true))
        #expect(opened["data"] == .text("000000a3"))
        #expect(opened["published_key"] == nil, "a key that was given is not announced")
        let unasked = try decode(text)
        #expect(unasked["published_key"] == .text("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"))
        #expect(unasked["plain"] == opened["plain"] && unasked["note"] != nil)
    }

    /// What no key opens is shown as what it is; a key that was given and does not fit is named.
    @Test func sealed() throws {
        let body = try #require(
            AirSyncCrypto.openSSL.encrypt(hex("0a001a0411223344"), key: [UInt8](1...16)))
        let text = try packet(.initRequest, body)
        let without = try decode(text)
        #expect(without["encrypted"] == .bool(true) && without["body"] == .text(Hex.lower(body)))
        #expect(without["plain"] == nil && without["result"] == nil)
        for key in [[UInt8](repeating: 7, count: 16), [1, 2, 3]] {
            let wrong = try decode(text, key: key)
            #expect(wrong["encrypted"] == .bool(true) && wrong["plain"] == nil)
            #expect(wrong["result"] == .text("no match"))
            #expect(wrong["reason"] == .text("the key does not open the body"))
        }
        #expect(try decode(text, key: [UInt8](1...16))["challenge"] == .text("11223344"))
    }

    /// Every message opens with its key, whatever its first byte becomes, and never without.
    @Test func everyFirstByte() throws {
        var beginnings: Set<UInt8> = []
        for number in 0..<2048 {
            let data = [UInt8(number >> 8), UInt8(number & 0xff), 0xff]
            let body = AirSyncData(data: data).body
            let coded = try #require(AirSyncCrypto.openSSL.encrypt(body, key: sessionKey))
            beginnings.insert(coded[0])
            let fields = try decode(try packet(.sendDataRequest, coded), key: sessionKey)
            #expect(fields["data_hex"] == .text(Hex.lower(data)))
        }
        #expect(beginnings.count == 256)
    }

    @Test func brokenInTheClear() {
        let error = #expect(throws: MalformedValue.self) {
            try decode("fe010018271200030a00127f787878787878787878787878")
        }
        #expect(error.map { "\($0)" } == "byte 10: the field is not whole")
    }

    /// A padded session key of the sample firmware opens; without padding anything would.
    @Test func publishedDeviceKey() throws {
        let coded = try #require(
            AirSyncCrypto.openSSL.encrypt(sessionKey, key: [UInt8](0..<16)))
        let whole = try decode(packet(.authResponse, AuthResponse(sessionKey: coded).body))
        #expect(whole["session_key"] == .text(Hex.lower(sessionKey)))
        #expect(whole["published_key"] == .text("000102030405060708090a0b0c0d0e0f"))
        let half = AuthResponse(sessionKey: Array(coded.prefix(16)))
        #expect(try decode(packet(.authResponse, half.body))["session_key"] == nil)
    }

    @Test func publishedKeysAreWhole() {
        for key in PublishedKey.all {
            #expect(key.bytes.count == 16 && !key.provenance.isEmpty)
            #expect(PublishedKey.all(for: key.use).contains(key))
        }
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String {
        self + String(repeating: "7", count: length - count)
    }
}
