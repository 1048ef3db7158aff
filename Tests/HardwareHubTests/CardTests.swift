import TestSupport
import Testing

@testable import HardwareHub

@Suite("A card's files read as people know them, and keep its number to themselves")
struct CardTests {
    /// Made up: no such card or plate exists.
    static let issue = hex(
        "b1b1bea9110100011640110120123456789012342020010120300101bea941313233343500000000000001")
    static let record = hex("0007000000000004d209013201000a0b20240229235959")
    static let passage = hex(
        "aa2b01320100070365e08a0001030000000000000000000000000001d4c1423132333435000000000000000000"
    )

    @Test func issueData() throws {
        let issue = try CardIssue(Self.issue.span)
        #expect(issue.issuer == "北京" && issue.region == 0x1101_0001)
        #expect(issue.type == 22 && issue.version == 0x40)
        #expect(issue.number.digits == "11012012345678901234")
        #expect(issue.validFrom.date == "2020-01-01" && issue.validTo.date == "2030-01-01")
        #expect(issue.plate.text == "京A12345" && issue.user == 0 && issue.issuerData == 1)
        #expect(throws: MalformedValue.missing("rest of the card's issue data", at: 42)) {
            try CardIssue(Array(Self.issue.dropLast()).span)
        }
        ByteVerifier.neighbours(of: Self.issue) { _ = try? CardIssue($0.span) }
    }

    @Test func numberIsMasked() throws {
        let number = try CardIssue(Self.issue.span).number
        #expect("\(number)" == "****************1234")
        #expect(String(reflecting: number) == "****************1234")
        var dumped = ""
        dump(number, to: &dumped)
        #expect(!dumped.contains("5678") && dumped.contains("1234"))
        let issue = "\(try CardIssue(Self.issue.span))"
        #expect(!issue.contains("5678") && !issue.contains("A12345") && issue.contains("京******"))
    }

    @Test func transactionRecord() throws {
        let record = try CardRecord(Self.record.span)
        #expect(record.counter == 7 && record.overdraft == 0 && record.amount == 1234)
        #expect(record.type == 9 && record.typeName == "composite purchase")
        #expect(record.terminal == 0x0132_0100_0a0b && record.time.iso8601 == "2024-02-29T23:59:59")
        #expect(!record.isEmpty)
        for filler in [0x00, 0xff] as [UInt8] {
            #expect(try CardRecord([UInt8](repeating: filler, count: 23).span).isEmpty)
        }
        // Money moved, whatever the counter and the date say.
        var odd = [UInt8](repeating: 0, count: 23)
        odd[8] = 1
        #expect(!(try CardRecord(odd.span).isEmpty))
        ByteVerifier.neighbours(of: Self.record) { _ = try? CardRecord($0.span) }
    }

    @Test func tollPassage() throws {
        #expect(Self.passage.count >= 43)
        let passage = try TollPassage(Self.passage.span)
        #expect(passage.network == 0x3201 && passage.station == 7 && passage.lane == 3)
        #expect(passage.vehicleClass == 1 && passage.state == 3)
        #expect(passage.time == 0x65e0_8a00 && passage.lock == 1)
        #expect(throws: MalformedValue.self) { try TollPassage(Self.issue.span) }
        ByteVerifier.neighbours(of: Self.passage) { _ = try? TollPassage($0.span) }
    }

    @Test func balances() throws {
        #expect(try CardBalance(hex("00001f40").span).yuan.text == "80.00")
        let odd = CardBalance(raw: 0x8000_1f40)
        #expect(odd.fen == 8000 && odd.isSuspicious)
        #expect(!CardBalance(raw: 0x7fff_ffff).isSuspicious)
        let load = try LoadInitialization(hex("00001f4000030100315407f35ec03f0b").span)
        #expect(load.balance.fen == 8000 && load.counter == 3 && load.keyVersion == 1)
        #expect(load.random == 0x3154_07f3 && load.mac1 == 0x5ec0_3f0b && load.algorithm == 0)
    }

    @Test func text() {
        #expect(CardText.decode(hex("bea9")) == "京")
        #expect(CardText.decode(hex("bea941")) == "京A")
        #expect(CardText.decode(hex("be")) == "\u{fffd}")
        #expect(CardText.decode(hex("ffff")) == "" && CardText.decode([]) == "")
        #expect(CardText.decode(hex("8140")) == "\u{fffd}")
        // GB 2312 rows: 粤 is d4c1, 渝 d3e5, 藏 b2d8, 新 d0c2, 云南 d4c6 c4cf.
        #expect(CardText.decode(hex("d4c1d3e5b2d8d0c2")) == "粤渝藏新")
        #expect(CardText.decode(hex("d4c6c4cf")) == "云南")
    }

    /// What `decode` shows of a card's reply with several files in it.
    @Test func decodedTogether() throws {
        let items = [1, 45] + Self.issue + hex("9000") + hex("020600001f409000")
        let outer = [0x81, UInt8(items.count)] + items
        let message = [0xb3, 0, 0] + little(outer.count, 2) + outer
        let fields = try DecodeArea.etc.decode(message.span)
        #expect(fields["card"] == .text("11012012345678901234"))
        #expect(fields["balance_fen"] == .integer(8000) && fields["type"] == .integer(22))
        guard case .list(let list) = fields["items"] else {
            Issue.record("no items in \(fields)")
            return
        }
        #expect(list.count == 2)
        let record = try DecodeArea.etc.decode(
            ([0xb3, 0, 0] + little(29, 2) + [0x81, 27, 1, 25] + Self.record + hex("9000")).span)
        #expect(record["amount_fen"] == .integer(1234))
        #expect(record["time"] == .text("2024-02-29T23:59:59"))
    }

    /// The holder's file is not taken apart.
    @Test func holderStaysClosed() throws {
        let data = [UInt8](repeating: 0x41, count: 55)
        let outer = [0x81, 59, 1, 57] + data + hex("9000")
        let fields = try DecodeArea.etc.decode(([0xb3, 0, 0] + little(61, 2) + outer).span)
        #expect(Set(fields.entries.map(\.key)).isDisjoint(with: ["name", "holder", "id"]))
    }
}
