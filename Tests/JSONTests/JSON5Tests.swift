import JSON
import Testing

/// Reads JSON5 text as a plain value.
func json5(_ text: String) throws(JSONSyntaxError) -> JSONValue {
    try JSONReader(.json5).read(Array(text.utf8)).value
}

/// The error of a text; records an issue when it is read after all.
func fault(_ text: String, _ reader: JSONReader = JSONReader(.json5)) -> String {
    do {
        let node = try reader.read(Array(text.utf8))
        Issue.record("\(text) was read as \(node.value.text())")
        return ""
    } catch {
        return error.description
    }
}

@Suite("JSON5 is read as its specification says")
struct JSON5Tests {
    @Test("the specification's example, whole")
    func example() throws {
        let value = try json5(
            """
            // a hub
            {
              unquoted: 'single "quotes" inside',
              "quoted": "it's", lineBreaks: "no \\
            break",
              hexadecimal: 0xdecaf, leadingPoint: .8675309, andTrailing: 8675309.,
              positiveSign: +1, negative: -0x10, power: 1E-3, /* block
              comment **/ trailingComma: ['in', 'lists',], $dollar_1: null,
            }
            """)
        #expect(
            value == [
                "unquoted": "single \"quotes\" inside", "quoted": "it's",
                "lineBreaks": "no break", "hexadecimal": 912_559,
                "leadingPoint": .double(0.8675309), "andTrailing": 8_675_309, "positiveSign": 1,
                "negative": -16, "power": number("1E-3"), "trailingComma": ["in", "lists"],
                "$dollar_1": .null,
            ])
    }

    @Test(
        "numbers keep their text, and what JSON lacks is rewritten",
        arguments: [
            ("80.00", "80.00"), ("18446744073709551615", "18446744073709551615"), ("-0", "-0"),
            ("+5", "5"), (".5", "0.5"), ("-.5", "-0.5"), ("5.", "5"), ("5.e3", "5e3"),
            ("0xFFffFFffFFffFFff", "18446744073709551615"), ("-0X0", "-0"), ("1e400", "1e400"),
        ])
    func numbers(text: String, plain: String) throws {
        #expect(try json5(text).number?.text == plain)
    }

    @Test(
        "what is no number is refused with its text",
        arguments: [
            "01", "1_000", "0x", "0xg", "1e", "1e+", ".", "+", "-", "5..", "1.2.3", "3px", "0x1.8",
            "- 1", "00", "0b1", "1,5",
        ])
    func badNumbers(text: String) {
        #expect(fault(text).hasPrefix("1:"))
    }

    @Test(
        "infinity and NaN are refused, and the message says what is wanted",
        arguments: ["NaN", "-NaN", "+Infinity", "Infinity", "-Infinity"])
    func notFinite(text: String) {
        #expect(
            fault("[" + text + "]")
                == "1:2: \(text.first == "I" || text.first == "N" ? text : "\"\(text)\""), expected a finite number"
        )
    }

    @Test("a hexadecimal number has at most 64 bits")
    func wideHexadecimal() {
        #expect(
            fault("0x1FFFFFFFFFFFFFFFF")
                == "1:1: \"0x1FFFFFFFFFFFFFFFF\", expected a hexadecimal number of at most 64 bits")
    }

    @Test(
        "escapes",
        arguments: [
            (#"'\b\f\n\r\t\v\0\\\'\"\/'"#, "\u{8}\u{c}\n\r\t\u{b}\0\\'\"/"),
            (#""\x41\xe9""#, "Aé"), (#""\u0041\u4e2d""#, "A中"), (#""\uD83D\uDE00""#, "😀"),
            (#""\uDBFF\uDFFF""#, "\u{10ffff}"), (#"'\a\中\ '"#, "a中 "),
            ("'a\\\r\nb\\\u{2028}c'", "abc"), ("\"tab\there \u{2028}\"", "tab\there \u{2028}"),
            ("''", ""),
        ])
    func escapes(text: String, value: String) throws {
        #expect(try json5(text).string?.unicodeScalars.elementsEqual(value.unicodeScalars) == true)
    }

    @Test(
        "bad escapes are refused where they stand",
        arguments: [
            (#"["\x4"]"#, "1:3: \\x, expected \\x and two hexadecimal digits"),
            (#"["a\u12g4"]"#, "1:4: \\u, expected \\u and four hexadecimal digits"),
            (#"["\01"]"#, "1:3: an octal escape, expected \\x and two hexadecimal digits"),
            (#"["\7"]"#, "1:3: an octal escape, expected \\x and two hexadecimal digits"),
            (
                #"["\uD83D"]"#,
                "1:3: half of a surrogate pair, \\uD83D, expected both halves, as in \\uD83D\\uDE00"
            ),
            (
                #"["\uDE00\uD83D"]"#,
                "1:3: half of a surrogate pair, \\uDE00, expected both halves, as in \\uD83D\\uDE00"
            ),
            (#""\"#, #"1:1: a string that is never closed, expected its closing quote"#),
        ])
    func badEscapes(text: String, message: String) {
        #expect(fault(text) == message)
    }

    @Test("keys may be any ECMAScript identifier, also a reserved word or escaped")
    func keys() throws {
        let value = try json5(
            #"{ zoné: 1, 区: 2, null: 3, \u0061b: 4, a\u0062c: 5, _\u200c: 6, "": 7 }"#)
        #expect(value.members?.map(\.key) == ["zoné", "区", "null", "ab", "abc", "_\u{200c}", ""])
    }

    @Test(
        "what is no key is refused",
        arguments: [
            ("{1a: 0}", "1:2: \"1a\", expected a letter, or the key in quotes"),
            ("{a-b: 0}", "1:3: \"-b\", expected \":\" after the key \"a\""),
            ("{,}", "1:2: \",\", expected a key"),
            ("{a}", "1:3: \"}\", expected \":\" after the key \"a\""),
            (#"{\x61: 0}"#, "1:2: \"\\\", expected \\u and four hexadecimal digits"),
            (#"{\u0031: 0}"#, "1:2: \"\\\", expected a letter, or the key in quotes"),
            ("{😀: 0}", "1:2: \"😀\", expected a key"),
        ])
    func badKeys(text: String, message: String) {
        #expect(fault(text) == message)
    }

    @Test("every kind of white space is skipped")
    func whiteSpace() throws {
        #expect(
            try json5(
                "\u{feff}\t\n\u{b}\u{c}\r \u{a0}\u{2028}\u{2029}\u{3000}[\u{2003}1 ,\u{feff}]")
                == [1])
    }

    @Test(
        "faults of structure",
        arguments: [
            ("", "1:1: the end of the document, expected a value"),
            ("  // only a comment", "1:20: the end of the document, expected a value"),
            ("[1 2]", "1:4: \"2\", expected \",\" or \"]\" (opened at 1:1)"),
            ("[1", "1:3: the end of the document, expected \",\" or \"]\" (opened at 1:1)"),
            ("[1}", "1:3: \"}\", expected \",\" or \"]\" (opened at 1:1)"),
            ("[,]", "1:2: \",\", expected a value"), ("[1,,]", "1:4: \",\", expected a value"),
            ("{a:}", "1:4: \"}\", expected a value"),
            ("1 2", "1:3: \"2\", expected nothing after the value"),
            ("/* open", "1:1: a comment that is never closed, expected */ after it"),
            ("/ 1", "1:1: \"/\", expected a comment, // or /*, or nothing"),
            ("'open", "1:1: a string that is never closed, expected its closing quote"),
            (
                "{a: yes}",
                "1:5: \"yes\", expected a value; text needs quotes, and words are \"true\", \"false\" and \"null\""
            ),
            (
                "['a\nb']",
                "1:4: a line break inside a string, expected the closing quote, or \\n for a line break"
            ),
            ("[\u{1}]", "1:2: the character U+0001, expected a value"),
            ("[1 \"x\"]", "1:4: a double quote, expected \",\" or \"]\" (opened at 1:1)"),
        ])
    func structure(text: String, message: String) {
        #expect(fault(text) == message)
    }

    @Test("a key twice is refused, naming both places, in small and in big objects")
    func duplicates() {
        #expect(
            fault("{a: 1,\n 'a': 2}")
                == "2:2: the key \"a\" a second time, expected it only once (first at 1:2)")
        let many = (0..<40).map { "k\($0): 0" }.joined(separator: ",")
        #expect(fault("{\(many),\nk3: 1}").hasPrefix("2:1: the key \"k3\" a second time"))
        #expect(fault("{\(many),\nx: 1, x: 2}").hasPrefix("2:7: the key \"x\" a second time"))
    }

    @Test("keys that only look alike are two keys")
    func composed() throws {
        #expect(try json5("{'\u{e9}': 1, 'e\u{301}': 2}").members?.count == 2)
    }
}

/// A number from its text.
func number(_ text: String) -> JSONValue {
    JSONNumber(decimal: text).map(JSONValue.number) ?? .null
}
