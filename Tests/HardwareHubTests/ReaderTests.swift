import TestSupport
import Testing

@testable import HardwareHub

@Suite("A card reader is asked and understood as its published frames show")
struct ReaderTests {
    /// The requests of the published frames, built anew.
    @Test func requests() throws {
        #expect(ReaderRequest.handshake.bytes == hex("a2"))
        #expect(ReaderRequest.reader(.powerOff).bytes == hex("a501c3"))
        #expect(
            ReaderRequest.card([.selectApplication, .readIssue]).bytes
                == hex("a30012008010810700a40000021001020500b095002b"))
        #expect(
            ReaderRequest.card([.selectMasterFile, .selectApplication, .readBalance]).bytes
                == hex("a3001b008019810700a40000023f00820700a400000210010305805c000204"))
        #expect(CardCommand.readRecord(3).bytes == hex("00b203c417"))
        #expect(CardCommand.readPassage(1).bytes == hex("00b201cc2b"))
        #expect(ReaderRequest.card([]).bytes == nil)
        let many = Array(repeating: CardCommand.readBalance, count: 15)
        #expect(ReaderRequest.card(many).bytes?.count == 4 + 2 + 15 * 7)
        #expect(ReaderRequest.card(many + [.readBalance]).bytes == nil)
    }

    /// Packet for packet what applications send, but for the sequence number.
    @Test func packets() throws {
        let packets = try #require(ReaderRequest.handshake.packets(number: 5))
        #expect(packets.map(\.bytes) == [hex("fe010014753100050a00120633058001a2261800")])
        let long = Array(repeating: CardCommand.selectMasterFile, count: 15)
        let two = try #require(ReaderRequest.card(long).packets(number: 9))
        #expect(two.count == 2)
        var assembly = ReaderFrameAssembly()
        var message: [UInt8]?
        for packet in two {
            #expect(packet.bytes.count < 128 + 14)
            guard
                case .receiveDataPush(let push) = try AirSyncMessage(
                    packet.command, packet.body.span)
            else {
                Issue.record("not a push")
                return
            }
            message = try assembly.received(try ReaderFrame(push.data.span))
        }
        #expect(message == ReaderRequest.card(long).bytes)
    }

    @Test func framesOfAnyLength() throws {
        for count in [1, 91, 92, 93, 184, 185, 1000, 4096] {
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let frames = try #require(ReaderFrame.frames(of: message, number: 7))
            var assembly = ReaderFrameAssembly()
            var whole: [UInt8]?
            for frame in frames {
                #expect(whole == nil)
                let read = try ReaderFrame((frame.bytes + [0, 0]).span)
                #expect(read == frame)
                whole = try assembly.received(read)
            }
            #expect(whole == message)
        }
        #expect(ReaderFrame.frames(of: [], number: 1) == nil)
        #expect(
            ReaderFrame.frames(of: [UInt8](repeating: 0, count: 128 * 92 + 1), number: 1) == nil)
    }

    /// Readers number frames as they like; the count of fragments to come decides.
    @Test func fragmentsOutOfOrder() throws {
        func frame(_ isFirst: Bool, _ remaining: UInt8, _ number: UInt8 = 0) throws -> ReaderFrame {
            try #require(
                ReaderFrame(
                    number: number, isFirst: isFirst, remaining: remaining, data: [remaining]))
        }
        var assembly = ReaderFrameAssembly()
        #expect(try assembly.received(try frame(true, 2, 1)) == nil)
        #expect(try assembly.received(try frame(false, 1, 2)) == nil)
        #expect(try assembly.received(try frame(false, 0, 3)) == [2, 1, 0])
        for orphan in [try frame(false, 0), try frame(false, 1)] {
            #expect(throws: MalformedValue.self) { try assembly.received(orphan) }
        }
        _ = try assembly.received(try frame(true, 2))
        #expect(throws: MalformedValue.self, "one was lost") {
            try assembly.received(try frame(false, 0))
        }
        #expect(throws: MalformedValue.self, "and the message with it") {
            try assembly.received(try frame(false, 1))
        }
        _ = try assembly.received(try frame(true, 2))
        #expect(try assembly.received(try frame(true, 0)) == [0], "a first one starts anew")
    }

    @Test func brokenFrames() {
        let faults = [
            ("", "byte 0: start of frame missing"),
            ("34", "byte 0: the frame does not start with 33"),
            ("33058002a226", "byte 6: check byte missing"),
            ("33058003a226", "byte 4: data missing"),
            ("33058001a227", "byte 5: the check byte is not the exclusive-or of the frame"),
        ]
        for (text, fault) in faults {
            let error = #expect(throws: MalformedValue.self) { try ReaderFrame(hex(text).span) }
            #expect(error.map { "\($0)" } == fault)
        }
    }

    @Test func replies() throws {
        let number = try ReaderReply(hex("b20011c034343032313636313130303035393137").span)
        #expect(number.content == .handshake(.text(0xc0, "4402166110005917")))
        #expect(
            try ReaderReply(hex("b2000401020304").span).content
                == .handshake(.random([1, 2, 3, 4])))
        #expect(
            try ReaderReply(hex("b20004c5313233").span).content
                == .handshake(.random(hex("c5313233"))))
        #expect(try ReaderReply(hex("b200026400").span).content == .handshake(.bytes([0x64, 0])))
        let none = try ReaderReply(hex("b3cf").span)
        #expect(none.status == ReaderReply.noCard && none.content == .card([]))
        #expect(try ReaderReply(hex("b3cf000000").span).content == .card([]))
        #expect(
            try ReaderReply(hex("b300010200aabb").span).content == .encryptedCard([0xaa, 0xbb]))
        #expect(try ReaderReply(hex("bd00c1").span).content == .other([0xc1]))
        #expect(try ReaderReply(hex("b50002c264").span).content == .reader(.battery(100)))
        #expect(try ReaderReply(hex("b500c264").span).content == .other([0xc2, 0x64]))
    }

    /// The packets of a message that was cut, one behind the other, are read as one message.
    @Test func fragmentsInOneText() throws {
        let issue =
            "b1b1bea9110100011640110120123456789012342020010120300101bea94131323334350000000000"
            + "0001"
        let items = hex("812f012d" + issue + "9000")
        let message = [0xb3, 0, 0] + little(items.count, 2) + items
        for count in 2...3 {
            let size = message.count / count + 1
            var packets: [UInt8] = []
            for index in 0..<count {
                let part = Array(message.dropFirst(index * size).prefix(size))
                let frame = try #require(
                    ReaderFrame(
                        number: UInt8(index + 1), isFirst: index == 0,
                        remaining: UInt8(count - 1 - index), data: part))
                let data = AirSyncData(data: frame.bytes, type: .manufacturer)
                packets +=
                    AirSyncPacket(command: .sendDataRequest, sequence: 3, body: data.body)?.bytes
                    ?? []
            }
            let fields = try DecodeArea.etc.decode(packets.span)
            #expect(fields["card"] == .text("11012012345678901234"))
            #expect(fields["sw"] == .text("9000"))
            ByteVerifier.neighbours(of: packets) { _ = try? DecodeArea.etc.decode($0.span) }
        }
    }

    /// A number, an address and a charge may consist of printable bytes and are no text for that.
    @Test func readersAboutThemselves() throws {
        func fields(_ text: String) throws -> DecodedFields {
            try DecodeArea.etc.decode(text: text)
        }
        for (text, percent) in [("b50002c255", 85), ("b50002c264", 100), ("b50002c200", 0)] {
            let fields = try fields(text)
            #expect(fields["battery"] == .integer(Int64(percent)))
            #expect(fields["kind"] == .text("c2") && fields["text"] == nil)
        }
        let unit = try fields("b50007c6414243444546")
        #expect(unit["obu_mac"] == .text("414243444546") && unit["text"] == nil)
        #expect(try fields("b50005c531323334")["card_id"] == .text("31323334"))
        #expect(try fields("b50005c1312e3032")["version"] == .text("1.02"))
        #expect(try fields("b50003c10102")["data"] == .text("c10102"))
        #expect(try fields("b50003c20102")["data"] == .text("c20102"))
    }

    @Test func itemsAndTheirLengths() throws {
        let two = try ReaderReply(hex("b300000a0081080102900083026a82").span)
        #expect(
            two.content
                == .card([
                    .init(number: 1, data: [], status: .success),
                    .init(number: 3, data: [], status: StatusWord(rawValue: 0x6a82)),
                ]))
        let body = [UInt8](repeating: 5, count: 0x80) + [0x90, 0x00]
        for length in [[0x81, 0x82], [0x82, 0x00, 0x82], [0x82, 0x82, 0x00]] as [[UInt8]] {
            let items = [1] + length + body
            let outer: [UInt8] = [0x81, 0x81, UInt8(items.count)] + items
            let reply = try ReaderReply(([0xb3, 0, 0] + little(outer.count, 2) + outer).span)
            #expect(
                reply.content
                    == .card([
                        .init(number: 1, data: [UInt8](repeating: 5, count: 0x80), status: .success)
                    ]))
        }
    }

    @Test(arguments: [
        ("a200", "byte 0: the code is not that of an answer, b0 to bf"),
        ("b2", "byte 1: status missing"),
        ("b20002c0", "byte 3: payload missing"), ("b3000001", "byte 3: length missing"),
        ("b300000300810290", "byte 7: items missing"),
        ("b3000003008201 00", "byte 5: the outer tag is not 80 in a request, 81 in a reply"),
        ("b300000500810301 0190", "byte 10: status word missing"),
        ("b300000400810201 05", "byte 9: item's bytes missing"),
        ("b30000040081020183", "byte 8: the length has more than two bytes"),
    ])
    func brokenReplies(text: String, fault: String) {
        let error = #expect(throws: MalformedValue.self) {
            try ReaderReply(hex(text.filter { $0 != " " }).span)
        }
        #expect(error.map { "\($0)" } == fault)
    }

    @Test func statusWords() {
        #expect(StatusWord(rawValue: 0x63c2).meaning == "wrong PIN, 2 tries left")
        #expect(StatusWord(rawValue: 0x6c17).meaning == "wrong length, repeat with 23")
        #expect(StatusWord(rawValue: 0x6a82).description == "6a82")
        #expect(StatusWord(rawValue: 0x1234).meaning == nil)
        #expect(StatusWord.success.isSuccess && !StatusWord(rawValue: 0x6100).isSuccess)
        let meant = (UInt16.min...UInt16.max).count { StatusWord(rawValue: $0).meaning != nil }
        #expect(meant == 3 * 256 - 240 + 22)
    }
}
