import JSON
import Testing

@Suite("What is written is JSON and reads back the same")
struct JSONWriterTests {
    private let sample: JSONValue = [
        "id": "a\"b\\c\u{1}\u{1f}\n\t\r\u{8}\u{c}/é😀\u{7f}", "balance": number("80.00"),
        "sequence": .integer(UInt64.max), "list": [1, [], [:], .null, true], "empty": "",
    ]

    @Test("compact, byte for byte")
    func compact() {
        #expect(
            sample.text()
                == #"{"id":"a\"b\\c\u0001\u001F\n\t\r\b\f/é😀"# + "\u{7f}"
                + #"","balance":80.00,"sequence":18446744073709551615,"#
                + #""list":[1,[],{},null,true],"empty":""}"#)
    }

    @Test("pretty, byte for byte")
    func pretty() {
        let value: JSONValue = ["a": [1, ["b": false]], "c": [], "d": [:]]
        #expect(
            value.text(.pretty) == """
                {
                  "a": [
                    1,
                    {
                      "b": false
                    }
                  ],
                  "c": [],
                  "d": {}
                }
                """)
    }

    @Test("random values read back the same from both styles and in both dialects")
    func roundTrip() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SplitMix(state: seed)
            let value = random.value(depth: 4)
            for style in [JSONValue.Style.compact, .pretty] {
                #expect(try JSONValue(json: value.bytes(style)) == value)
                #expect(try JSONReader(.json5).read(value.bytes(style)).value == value)
            }
        }
    }
}

/// A small seeded generator, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func text() -> String {
        let alphabet = Array("ab\"\\/\u{0}\u{1f}\n\t é中😀\u{2028}\u{e000}e\u{301}".unicodeScalars)
        let scalars = (0..<Int.random(in: 0...6, using: &self)).map { _ in
            alphabet.randomElement(using: &self) ?? "a"
        }
        return String(String.UnicodeScalarView(scalars))
    }

    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 7 : 5), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .integer(Int64(bitPattern: next()))
        case 3: return .double(Double(bitPattern: next()))
        case 4, 5: return .string(text())
        case 6:
            return .array(
                (0..<Int.random(in: 0...5, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            return .object(
                (0..<Int.random(in: 0...5, using: &self)).map { index in
                    .init(text() + String(index), value(depth: depth - 1))
                })
        }
    }
}
