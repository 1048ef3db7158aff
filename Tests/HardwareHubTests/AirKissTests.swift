import TestSupport
import Testing

@testable import HardwareHub

@Suite("AirKiss tells a network's name and password through lengths alone")
struct AirKissTests {
    private func message(_ name: String, _ password: String, _ random: UInt8) -> AirKissMessage {
        AirKissMessage(name: Array(name.utf8), password: Array(password.utf8), random: random)
    }

    private func symbols(_ coded: AirKissSymbols) -> [UInt16] {
        AirKissSymbols.guide + coded.magic + coded.prefix + coded.sequences.joined()
    }

    /// CRCs printed in a public description: of a length and of a name.
    @Test func publishedChecks() {
        #expect(CRC8.maxim([22]) == 0x40)
        #expect(CRC8.maxim(Array("jin123".utf8)) == 0xfe)
    }

    @Test func coding() throws {
        let coded = try #require(AirKissSymbols(message("TestAP", "12345678", 0x5a)))
        #expect(coded.magic == [8, 31, 46, 52])
        #expect(coded.prefix == [64, 88, 108, 114])
        #expect(coded.sequences[3] == [253, 131, 372, 321, 336], "the last has what is left")
        let long = try #require(AirKissSymbols(message("0123456789", "0123456789", 0)))
        #expect(long.magic[0] == 1, "only a high nibble of 0 is sent as 8")
    }

    /// Bytes, not characters: a Chinese name has three for each.
    @Test(
        arguments: [
            ("店里", "密码12345", 0x00), ("a", "", 0xff), ("TestAP", "12345678", 0x5a),
            ("12345678901234567890123456789012", String(repeating: "1234", count: 16), 0x31),
        ] as [(String, String, UInt8)])
    func roundTrip(name: String, password: String, random: UInt8) throws {
        let message = message(name, password, random)
        let symbols = symbols(try #require(AirKissSymbols(message)))
        for base in [0, 28, 80, 1000] as [UInt16] {
            let found = try #require(AirKissDecoder.decode(symbols.map { $0 + base }))
            #expect(found.message == message && found.baseLength == base)
        }
        #expect(AirKissDecoder.decode(symbols, baseLength: 0)?.message == message)
        #expect(AirKissDecoder.decode(symbols, baseLength: 1) == nil)
    }

    @Test func limits() {
        let name = String(repeating: "n", count: 32)
        let password = String(repeating: "p", count: 64)
        #expect(AirKissSymbols(message(name, password, 1)) != nil)
        #expect(AirKissSymbols(message(name + "n", password, 1)) == nil)
        #expect(AirKissSymbols(message(name, password + "p", 1)) == nil)
        #expect(AirKissSymbols(message("", password, 1)) == nil)
    }

    /// A third of all symbols lost in each round: some rounds later everything came through.
    @Test(arguments: 0..<50)
    func lossyAir(seed: Int) throws {
        var generator = SplitMix(state: UInt64(seed))
        let message = message("Mall-Free", "welcome88", UInt8(seed))
        let coded = try #require(AirKissSymbols(message))
        var decoder = AirKissDecoder()
        for symbol in coded.magic + coded.prefix { _ = decoder.received(symbol) }
        for _ in 0..<400 {
            for symbol in [coded.prefix, Array(coded.sequences.joined())].joined()
            where generator.next() % 3 != 0 {
                // A broken sequence gets through one time in 128; the name's CRC stops most.
                if let found = decoder.received(symbol) {
                    #expect(found.name == message.name)
                    return
                }
            }
        }
        Issue.record("not whole after 400 rounds: \(decoder.progress)")
    }

    /// A receiver that starts to listen within a password like 1234 must not take it for a guide.
    @Test func risingPasswordIsNoGuide() throws {
        let message = message("TestAP", "12345678", 0x5a)
        let symbols = symbols(try #require(AirKissSymbols(message)))
        let lengths = (symbols.dropFirst(12) + symbols).map { $0 + 80 }
        let found = try #require(AirKissDecoder.decode(lengths))
        #expect(found.message == message && found.baseLength == 80)
    }

    /// Two senders one after the other: the second's magic starts anew.
    @Test func anotherSender() throws {
        var decoder = AirKissDecoder()
        let first = symbols(try #require(AirKissSymbols(message("first", "11111111", 1))))
        for symbol in first.dropLast() { #expect(decoder.received(symbol) == nil) }
        let second = message("second", "22222222", 2)
        let found = symbols(try #require(AirKissSymbols(second)))
            .compactMap { decoder.received($0) }
        #expect(found == [second])
    }

    /// Any symbols in any order: the decoder returns, and never believes a wrong name.
    @Test func noise() {
        var generator = SplitMix(state: 1)
        var decoder = AirKissDecoder()
        for _ in 0..<50_000 {
            let symbol = UInt16(truncatingIfNeeded: generator.next() % 600)
            if let message = decoder.received(symbol) { #expect(!message.name.isEmpty) }
        }
        let (received, total) = decoder.progress
        #expect(received <= total && total <= 97)
        #expect(decoder.received(.max) == nil)
    }

    @Test func discovery() throws {
        let request = hex("fd01fefc002000020000001000000001")
        #expect(try AirKissDiscovery(request.span).command == .request)
        #expect(
            AirKissDiscovery(version: 0x0020_0002, command: .request, body: [])?.bytes == request)
        for vector in Vector.all("airkiss-lan") {
            #expect(try AirKissDiscovery(vector.bytes.span).bytes == vector.bytes)
            ByteVerifier.neighbours(of: vector.bytes) { _ = try? AirKissDiscovery($0.span) }
        }
        let longest = [UInt8](repeating: 0x20, count: 2032)
        let datagram = try #require(AirKissDiscovery(command: .response, body: longest))
        #expect(try AirKissDiscovery(datagram.bytes.span) == datagram)
        #expect(AirKissDiscovery(command: .response, body: longest + [0]) == nil)
    }

    @Test(arguments: [
        ("fd01fefd002000020000001000000001", 0), ("fd01fefc002000020000000f00000001", 8),
        ("fd01fefc002000020000001100000001", 16), ("fd01fefc00200002ffffffff00000001", 8),
        ("fd01fefc0020000200000801 00000001", 8), ("fd01fe", 0),
    ])
    func discoveryRefused(text: String, position: Int) {
        let fault = #expect(throws: MalformedValue.self) {
            try AirKissDiscovery(hex(text.filter { $0 != " " }).span)
        }
        #expect(fault?.position == position)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
