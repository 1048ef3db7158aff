import JSON
import Testing

@Suite("Every part of a document knows its line and column")
struct JSONPositionTests {
    @Test("columns count Unicode scalars, lines end with LF, CR or CR LF")
    func positions() throws {
        let text = "{ é: '😀',\r\n\tb:\r[1,\n\n 2] }"
        let node = try JSONReader(.json5, document: 7).read(Array(text.utf8))
        guard case .object(let members) = node.content else {
            Issue.record("no object")
            return
        }
        func place(_ position: JSONPosition) -> String { position.description }
        #expect(place(node.position) == "1:1")
        #expect(members.map { place($0.keyPosition) } == ["1:3", "2:2"])
        #expect(members.map { place($0.node.position) } == ["1:6", "3:1"])
        #expect(node["b"]?[1].map { place($0.position) } == "5:2")
        #expect(node["b"]?[2] == nil && node["c"] == nil)
        #expect(node.position.document == 7)
    }

    @Test("a byte order mark has no width")
    func byteOrderMark() {
        #expect(fault("\u{feff}x", JSONReader(.json5)).hasPrefix("1:1: \"x\""))
        #expect(fault("1 \u{feff}x", JSONReader(.json5)).hasPrefix("1:4: \"x\""))
    }

    @Test("a document of one long line costs one pass")
    func longLine() throws {
        let count = 200_000
        let text = "[" + String(repeating: "1,", count: count) + "x]"
        #expect(fault(text, JSONReader(.json)).hasPrefix("1:\(2 * count + 2): \"x\""))
    }

    @Test("bytes that are not UTF-8 are named with their place")
    func encoding() {
        let cases: [([UInt8], String)] = [
            (Array("[\n 'a".utf8) + [0xc4, 0xe3], "2:4: the byte 0xC4, "),
            ([0xff], "1:1: the byte 0xFF, "),
            (Array("'".utf8) + [0xed, 0xa0, 0x80, 0x27], "1:2: the byte 0xED, "),
            (Array("'".utf8) + [0xc0, 0x80, 0x27], "1:2: the byte 0xC0, "),
            (Array("'".utf8) + [0xe4, 0xb8], "1:2: the byte 0xE4, "),
        ]
        for (bytes, message) in cases {
            #expect {
                try JSONReader(.json5).read(bytes)
            } throws: { error in
                "\(error)" == message + "expected UTF-8; save the file as UTF-8"
            }
        }
    }

    @Test("laying one document over another merges objects by key and replaces the rest")
    func overlay() throws {
        let main = try JSONReader(.json5, document: 0).read(
            Array("{a: {x: 1, y: 2}, b: [1, 2], c: 3}".utf8))
        let over = try JSONReader(.json5, document: 1).read(
            Array("\n{a: {y: 5, z: 6}, b: [9], d: {}}".utf8))
        let merged = main.overlaid(with: over)
        #expect(
            merged.value == [
                "a": ["x": 1, "y": 5, "z": 6], "b": [9], "c": 3, "d": [:],
            ])
        #expect(merged["a"]?["x"]?.position.document == 0)
        #expect(merged["a"]?["y"]?.position.document == 1)
        #expect(merged["a"]?["y"]?.position.line == 2)
        #expect(main.overlaid(with: over["b"] ?? over).value == [9])
    }
}
