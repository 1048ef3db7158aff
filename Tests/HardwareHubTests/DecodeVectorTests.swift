import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("Every vector decodes to what its source says it means")
struct DecodeVectorTests {
    static let areas: [DecodeArea] = [
        .airSync, .weChatSport, .airKissDiscovery, .etc, .bloodPressure, .temperature, .heartRate,
        .runningSpeed, .glucose, .weight, .pulseOximetry, .dateTime, .currentTime, .sfloat,
        .float32,
    ]

    static let vectors = areas.flatMap { Vector.all($0.rawValue) }

    /// The bytes alone are enough: nobody has to be told a key that is published.
    @Test(arguments: vectors)
    func decodes(vector: Vector) throws {
        let area = try #require(DecodeArea(rawValue: vector.area))
        let aids = DecodeAids(crypto: .openSSL)
        if vector.decoded["result"] == .string("malformed") {
            // Refused, or reported so beside what could be read.
            let fields = try? area.decode(vector.bytes.span, aids: aids)
            #expect(fields == nil || fields?["result"] == .text("malformed"))
            return
        }
        let fields = try area.decode(text: Hex.lower(vector.bytes), aids: aids)
        for (key, expected) in vector.decoded {
            let value = try #require(fields[key], "\(key) is missing in \(fields)")
            #expect(value.equals(expected), "\(key) is \(value), expected \(expected)")
        }
    }

    @Test func everyAreaHasVectors() {
        for area in Self.areas { #expect(Self.vectors.contains { $0.area == area.rawValue }) }
    }

    @Test(arguments: Vector.all("airkiss"))
    func airKiss(vector: Vector) throws {
        func numbers(_ value: Vector.Value?) -> [Int] {
            switch value {
            case .number(let number): [Int(number)]
            case .list(let list): list.flatMap { numbers($0) }
            default: []
            }
        }
        let base = numbers(vector.decoded["base_length"]).first ?? 0
        let text = ["guide", "magic", "prefix", "sequences"]
            .flatMap { numbers(vector.decoded[$0]) }
            .map { String($0 + base) }.joined(separator: " ")
        let fields = try DecodeArea.airKiss.decode(text: text)
        for (key, expected) in vector.decoded {
            let value = try #require(fields[key])
            #expect(value.equals(expected), "\(key) is \(value), expected \(expected)")
        }
        for word in vector.name.split(whereSeparator: { " ,:".contains($0) })
        where word.count > 2 && word.allSatisfy({ $0.isNumber || $0 == "_" || $0.isUppercase }) {
            let strings = [fields["ssid"], fields["password"]]
            #expect(strings.contains(.text(String(word))), "\(word)")
        }
        // Symbols with the base length taken off: a vector's own text, an option, or words.
        let bare = ["guide", "magic", "prefix", "sequences"].flatMap { numbers(vector.decoded[$0]) }
        let list = bare.map(String.init).joined(separator: ",")
        let named = try DecodeArea.airKiss.decode(
            text: "{\"base_length\": \(base), \"all\": [\(list)]}")
        #expect(named["base_length"]?.equals(.number(Double(base))) == true)
        let option = try DecodeArea.airKiss.decode(
            text: list, aids: DecodeAids(baseLength: UInt16(base)))
        #expect(option == named)
        let words = (bare.map { $0 + base }).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        #expect(try DecodeArea.airKiss.decode(text: Hex.lower(words)) == named)
    }

    /// Nothing near a valid value may trap, in any area.
    @Test(arguments: areas + [.airKiss])
    func neighbours(area: DecodeArea) {
        let aids = DecodeAids(crypto: .openSSL)
        for vector in Vector.all(area.rawValue) {
            ByteVerifier.neighbours(of: vector.bytes) { bytes in
                _ = try? area.decode(bytes.span, aids: aids)
            }
        }
    }

    /// Bits 3 and 4 of a blood pressure's status are one number, of which 3 is reserved: a pulse is not
    /// too high and too low.
    @Test(arguments: [
        ("0800", ["pulse too high"]), ("1000", ["pulse too low"]), ("1800", []),
        ("3900", ["movement", "bad position"]), ("c0ff", []),
    ])
    func pulseRange(status: String, words: [String]) throws {
        let fields = try DecodeArea.bloodPressure.decode(text: "10780050006000\(status)")
        #expect(fields["status_flags"] == .list(words.map { .text($0) }))
    }

    /// What stands beside a status word is what that status word is of.
    @Test func severalRepliesOfACard() throws {
        func reply(_ items: String) throws -> DecodedFields {
            let list = hex(items)
            let inner = [0x81, UInt8(list.count)] + list
            return try DecodeArea.etc.decode(
                ([0xb3, 0, 0] + little(inner.count, 2) + inner).span)
        }
        let failed = try reply("01026a82" + "030600001f409000")
        #expect(failed["sw"] == .text("9000") && failed["balance_fen"] == .integer(8000))
        #expect(failed["tag"] == .integer(3))
        let refused = try reply("010600001f409000" + "02026a83")
        #expect(refused["sw"] == .text("9000") && refused["balance_fen"] == .integer(8000))
        let nothing = try reply("01026a82" + "02026a83")
        #expect(nothing["sw"] == .text("6a82") && nothing["balance_fen"] == nil)
        guard case .list(let items)? = failed["items"] else {
            Issue.record("the replies are not listed")
            return
        }
        #expect(items.count == 2)
    }

    @Test func readerWithoutCard() throws {
        let fields = try DecodeArea.etc.decode(text: "b3cf")
        #expect(fields["status"] == .integer(0xcf))
        #expect(fields["status_meaning"] == .text("no card"))
    }

    @Test func inputThatIsNotHexadecimal() {
        for text in ["0", "zz", "00 0", "0x00"] {
            #expect(throws: MalformedValue.self) { try DecodeArea.sfloat.decode(text: text) }
        }
        #expect(
            isAccepted { () throws(MalformedValue) in
                try DecodeArea.sfloat.decode(text: "BD:F0")
            })
        #expect(throws: MalformedValue.self) { try DecodeArea.airKiss.decode(text: "") }
        #expect(throws: MalformedValue.self) { try DecodeArea.airKiss.decode(text: "1 2 3 4") }
    }
}
