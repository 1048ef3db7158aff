import JSON
import TestSupport
import Testing

@Suite("No document makes the reader trap, overflow or grow without bound")
struct JSONLimitTests {
    private func nested(_ depth: Int) -> [UInt8] {
        Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }

    @Test("the deepest document is read, one level more is refused")
    func depth() throws {
        _ = try JSONReader(.json).read(nested(16))
        #expect(throws: JSONSyntaxError.self) { try JSONReader(.json).read(nested(17)) }
        #expect(throws: JSONSyntaxError.self) {
            try JSONReader(.json).read(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
        var reader = JSONReader(.json, maximumDepth: .max)
        _ = try reader.read(nested(JSONReader.deepest))
        #expect(throws: JSONSyntaxError.self) { try reader.read(nested(JSONReader.deepest + 1)) }
        reader = JSONReader(.json, maximumDepth: 0)
        #expect(try reader.read(Array("1".utf8)).value == 1)
        #expect(throws: JSONSyntaxError.self) { try reader.read(Array("[]".utf8)) }
    }

    @Test("the number of values is limited")
    func values() throws {
        let reader = JSONReader(.json, maximumValues: 4)
        #expect(try reader.read(Array("[1,2,3]".utf8)).value == [1, 2, 3])
        #expect(throws: JSONSyntaxError.self) { try reader.read(Array("[1,2,3,4]".utf8)) }
    }

    @Test("everything near a document is read or refused")
    func neighbours() {
        let text =
            #"{a:'\u00e9\uD83D\uDE00\x41\z',"b":[0x1F,+.5e-3,-1,null,], /*c*/ é:true,//x"#
            + "\n}"
        ByteVerifier.neighbours(of: Array(text.utf8)) { bytes in
            for dialect in [JSONReader.Dialect.json5, .json] {
                guard let value = try? JSONReader(dialect).read(bytes).value else { continue }
                #expect((try? JSONValue(json: value.bytes())) == value)
            }
        }
    }
}
