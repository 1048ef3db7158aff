import HardwareHub
import JSON
import TestSupport
import Testing

@testable import hubd

/// Made-up cards: no such card or plate exists.
@Suite("A card's event tells what is on the card, and nothing that is not")
struct CardFieldsTests {
    private static let issue =
        "b1b1bea9110100011640110120123456789012342020010120300101bea941313233343500000000000001"

    private static func passage(_ time: String) -> String {
        "aa2b013201000703" + time
            + "01030000000000000000000000000001d4c1423132333435000000000000000000"
    }

    private func fields(passages: [String]) throws -> JSONValue {
        let card = CardReading(
            issue: try CardIssue(hex(Self.issue).span),
            balance: try CardBalance(hex("00001f40").span), records: [],
            passages: try passages.map { try TollPassage(hex($0).span) })
        return DeviceWriter.object(CardFields.fields(card, receivedAt: "now"))
    }

    @Test func moneyAndMaskedNumber() throws {
        let text = try fields(passages: []).text()
        #expect(text.contains(#""balance":{"value":80.00,"unit":"CNY"}"#))
        #expect(!text.contains("11012012345678901234"))
    }

    /// Memory that was never written reads 00 or ff.
    @Test(arguments: [("65e08a00", true), ("00000000", false), ("ffffffff", false)])
    func timeOfAPassage(bytes: String, isTime: Bool) throws {
        let text = try fields(passages: [Self.passage(bytes)]).text()
        #expect(text.contains(#""station""#))
        #expect(text.contains(#""time":""#) == isTime)
        #expect(text.contains(#""time":"2024-02-29T"#) == isTime)
    }
}
