import JSON
import Testing

@Suite("Strict JSON takes RFC 8259 and nothing else")
struct StrictJSONTests {
    @Test("a document with everything in it")
    func everything() throws {
        let text = #"{"a":[1,-0.5e+3,true,false,null,"\u00e9\"\/"],"b":{}}"#
        let value = try JSONValue(json: Array(text.utf8))
        #expect(
            value == [
                "a": [1, number("-0.5e+3"), true, false, .null, "é\"/"], "b": [:],
            ])
        #expect(value["a"]?[2]?.bool == true && value["a"]?[9] == nil && value["c"] == nil)
    }

    @Test(
        "what only JSON5 has is refused",
        arguments: [
            "// c\n1", "/* c */ 1", "'a'", "[1,]", "{\"a\":1,}", "{a:1}", "+1", ".5", "5.", "0x1",
            "NaN", "Infinity", "\"\\x41\"", "\"\\v\"", "\"\\'\"", "\"a\\\nb\"", "\"\t\"",
            "\u{feff}1", "\u{a0}1", "\u{b}1", "\"\\0\"", "-.5",
        ])
    func refused(text: String) {
        #expect(!fault(text, JSONReader(.json)).isEmpty)
    }

    @Test("DEL and U+2028 may stand in strings as they are")
    func unescaped() throws {
        #expect(try JSONValue(json: Array("\"\u{7f}\u{2028}\"".utf8)).string == "\u{7f}\u{2028}")
    }
}

@Suite("A number is its decimal text")
struct JSONNumberTests {
    @Test("integers of 64 bits fit, and what is too big or has a fraction is nil")
    func integers() {
        #expect(JSONNumber(UInt64.max).integer(as: UInt64.self) == .max)
        #expect(JSONNumber(Int64.min).integer(as: Int64.self) == .min)
        #expect(JSONNumber(300).integer(as: UInt8.self) == nil)
        #expect(JSONNumber(decimal: "80.00")?.integer() == nil)
        #expect(JSONNumber(decimal: "80.00")?.double == 80)
    }

    @Test("there is no number that is not finite")
    func finite() {
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONValue.double(.nan) == .null)
        #expect(JSONNumber(decimal: "1e999")?.double == nil)
    }

    @Test(
        "decimal text is taken only when it is a JSON number",
        arguments: ["", "+1", ".5", "5.", "0x1", "1 ", "01", "1e", "nan", "-", "٣"])
    func decimal(text: String) {
        #expect(JSONNumber(decimal: text) == nil)
    }

    @Test("doubles are written so that they read back the same, in valid JSON")
    func doubles() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let value = Double(bitPattern: generator.next())
            guard let number = JSONNumber(value) else { continue }
            #expect(JSONNumber(decimal: number.text) == number)
            #expect(number.double == value)
        }
    }
}
