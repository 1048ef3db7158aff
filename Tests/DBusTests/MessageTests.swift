import DBus
import EventLoop
import Glibc
import TestSupport
import Testing

private func message(_ values: BusValue...) throws -> Message {
    let message = try Message.signal("/test", "org.example.Test", "Test")
    try message.append(values)
    return message
}

private func codes(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return (error as? BusError)?.code.name.split(separator: ".").last.map(String.init)
    }
}

@Suite("What is written into a message is read from it")
struct MessageTests {
    // Computed: LeakSanitizer does not see what a global holds in a tagged pointer.
    static var samples: [BusValue] {
        [
            .bool(true), .bool(false), .byte(0), .byte(255), .int16(.min), .uint16(.max),
            .int32(.min),
            .uint32(.max), .int64(.min), .uint64(.max), .double(-0.5), .double(.infinity),
            .string(""), .string("å 信 😀 \u{fffe}"), .objectPath("/a/b"), .signature("a{sv}"),
            .signature(""), .bytes([]), .bytes([0, 1, 255]), .array(of: "s", []),
            .array(of: "i", [.int32(1), .int32(-1)]), .array(of: "ay", [.bytes([1]), .bytes([])]),
            .dictionary(key: "s", value: "v", []), .options(["a": .byte(1), "b": .string("x")]),
            .dictionary(key: "q", value: "ay", [.init(.uint16(76), .bytes([2, 21]))]),
            .structure([.string("x"), .structure([.int32(1)])]), .variant(.variant(.byte(7))),
            .array(of: "(so)", [.structure([.string("x"), .objectPath("/")])]),
            .array(of: "a{sv}", [.options(["k": .bool(true)]), .options([])]),
            .strings(["a", "", "b"]),
        ]
    }

    @Test("every type alone", arguments: samples)
    func each(_ value: BusValue) throws {
        let message = try message(value)
        #expect(message.signature == value.type)
        #expect(try message.arguments() == [value])
    }

    @Test("all types together, and inside variants")
    func together() throws {
        let message = try Message.signal("/test", "org.example.Test", "Test")
        try message.append(Self.samples)
        try message.append(Self.samples.map(BusValue.variant))
        #expect(try message.arguments() == Self.samples + Self.samples.map(BusValue.variant))
    }

    @Test("random values, nested to random depth", arguments: 0..<200 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var random = RandomValues(state: seed)
        let values = (0..<4).map { _ in random.value(depth: 4) }
        let message = try Message.signal("/test", "org.example.Test", "Test")
        try message.append(values)
        #expect(try message.arguments() == values)
    }

    @Test("a NUL in a text arrives as U+FFFD, and the rest of the text arrives")
    func nul() throws {
        #expect(try message(.string("a\0b")).arguments() == [.string("a\u{fffd}b")])
    }

    @Test("bytes are read in place")
    func bytes() throws {
        let message = try message(.bytes([9, 8, 7]), .byte(1))
        let sum = try message.read { (reader) throws(BusError) in
            let sum = try reader.bytes { span in
                var sum = 0
                for index in span.indices { sum += Int(span[index]) }
                return sum
            }
            let rest = try (reader.byte(), reader.isAtEnd)
            #expect(rest == (1, true))
            return sum
        }
        #expect(sum == 24)
    }

    @Test("a dictionary is read entry by entry, and what is not read is passed over")
    func dictionary() throws {
        let message = try message(
            .options(["RSSI": .int16(-60), "Name": .string("x"), "More": .strings(["a"])]),
            .string("behind"))
        var seen: [String] = []
        try message.read { (reader) throws(BusError) in
            try reader.dictionary { (entry) throws(BusError) in
                let key = try entry.string()
                seen.append(key)
                guard key == "RSSI" else { return }
                let rssi = try entry.variant { (inside) throws(BusError) in try inside.int16() }
                #expect(rssi == -60)
            }
            let behind = try reader.string()
            #expect(behind == "behind")
        }
        #expect(seen == ["RSSI", "Name", "More"])
    }

    @Test("values give their parts by name and by kind")
    func accessors() {
        let value = BusValue.options(["a": .uint16(7), "b": .string("x"), "a": .uint16(8)])
        #expect(value["a"]?.integer == 7)
        #expect(value["b"]?.string == "x")
        #expect(value["c"] == nil)
        #expect(BusValue.variant(.uint64(.max)).integer == nil)
        #expect(BusValue.uint64(.max).number == Double(UInt64.max))
        #expect(BusValue.byte(3).number == 3)
        #expect(BusValue.variant(.bool(true)).bool == true)
        #expect(BusValue.string("x").integer == nil)
    }
}

@Suite("A wrong type is an error with a place, never a misread")
struct TypeCheckTests {
    /// All reads of the reader, each with what its type begins with.
    private typealias Read = @Sendable (inout MessageReader) throws(BusError) -> Void
    private static let reads: [(kind: String, read: Read)] = [
        ("b", { (reader) throws(BusError) in _ = try reader.bool() }),
        ("y", { (reader) throws(BusError) in _ = try reader.byte() }),
        ("n", { (reader) throws(BusError) in _ = try reader.int16() }),
        ("q", { (reader) throws(BusError) in _ = try reader.uint16() }),
        ("i", { (reader) throws(BusError) in _ = try reader.int32() }),
        ("u", { (reader) throws(BusError) in _ = try reader.uint32() }),
        ("x", { (reader) throws(BusError) in _ = try reader.int64() }),
        ("t", { (reader) throws(BusError) in _ = try reader.uint64() }),
        ("d", { (reader) throws(BusError) in _ = try reader.double() }),
        ("s", { (reader) throws(BusError) in _ = try reader.string() }),
        ("o", { (reader) throws(BusError) in _ = try reader.objectPath() }),
        ("g", { (reader) throws(BusError) in _ = try reader.signature() }),
        ("h", { (reader) throws(BusError) in _ = try reader.descriptor() }),
        ("ay", { (reader) throws(BusError) in try reader.bytes { _ in } }),
        ("a", { (reader) throws(BusError) in try reader.array { _ in } }),
        ("(", { (reader) throws(BusError) in try reader.structure { _ in } }),
        ("v", { (reader) throws(BusError) in try reader.variant { _ in } }),
    ]

    @Test("reading another type than there is", arguments: MessageTests.samples)
    func mismatch(_ value: BusValue) throws {
        let message = try message(value)
        for (kind, read) in Self.reads where !value.type.text.hasPrefix(kind) {
            #expect(throws: BusError.self, "\(kind) in place of \(value.type)") {
                try message.read(read)
            }
        }
        // After a refusal the reader is still in front of the value.
        let second = try message.read { (reader) throws(BusError) in
            _ = try? reader.descriptor()
            return try reader.value()
        }
        #expect(second == value)
    }

    @Test("the error names the place and both types")
    func text() throws {
        let message = try message(.byte(1), .string("x"))
        let error = #expect(throws: BusError.self) {
            try message.read { (reader) throws(BusError) in
                _ = try reader.byte()
                _ = try reader.uint16()
            }
        }
        #expect(error == BusError(.invalidArgs, "value 2: expected q, found s"))
    }

    @Test("reading behind the end")
    func end() throws {
        let message = try message()
        let isAtEnd = try message.read { (reader) throws(BusError) in
            reader.skip()
            return reader.isAtEnd
        }
        #expect(isAtEnd)
        #expect(throws: BusError(.invalidArgs, "value 1: expected s, found nothing")) {
            try message.read { (reader) throws(BusError) in _ = try reader.string() }
        }
    }

    @Test("an array whose reader reads nothing ends all the same")
    func lazyReader() throws {
        var count = 0
        try message(.strings(["a", "b", "c"])).read { (reader) throws(BusError) in
            try reader.array { _ in count += 1 }
        }
        #expect(count == 3)
    }

    @Test(
        "values that do not have the types they claim are not sent",
        arguments: [
            .array(of: "s", [.int32(1)]), .array(of: "", []), .array(of: "ss", []),
            .dictionary(key: "v", value: "s", []), .dictionary(key: "s", value: "ss", []),
            .dictionary(key: "s", value: "v", [.init(.int32(1), .variant(.byte(1)))]),
            .dictionary(key: "s", value: "v", [.init(.string("x"), .byte(1))]),
            .structure([]), .variant(.structure([])),
            .variant(.array(of: "q", [.byte(1)])),
        ] as [BusValue])
    func liars(_ value: BusValue) { #expect(codes { _ = try message(value) } == "InvalidArgs") }

    @Test("containers that a writer leaves incomplete are not sent")
    func incomplete() {
        #expect(
            codes {
                try message().write { (writer) throws(BusError) in
                    try writer.variant(of: "s") { _ in }
                }
            } == "InvalidArgs")
        #expect(
            codes {
                try message().write { (writer) throws(BusError) in
                    try writer.structure(of: "(ss)") { (writer) throws(BusError) in
                        try writer.string("one")
                    }
                }
            } == "InvalidArgs")
        #expect(
            codes {
                try message().write { (writer) throws(BusError) in
                    try writer.entry { _ in }
                }
            } == "InvalidArgs")
    }
}

@Suite("Limits hold on both sides of the line")
struct LimitTests {
    private func nested(_ depth: Int) -> BusValue {
        (0..<depth).reduce(BusValue.byte(1)) { value, _ in .variant(value) }
    }

    @Test("depth: 16 containers are read, 17 are not")
    func depth() throws {
        #expect(try message(nested(16)).arguments() == [nested(16)])
        #expect(codes { _ = try message(nested(17)).arguments() } == "LimitsExceeded")
    }

    @Test("depth when writing: 24 containers are written, 25 are not")
    func writingDepth() {
        #expect(codes { _ = try message(nested(24)) } == nil)
        #expect(codes { _ = try message(nested(25)) } == "LimitsExceeded")
    }

    @Test("elements: 4,096 are read, one more is not")
    func elements() throws {
        func list(_ count: Int) -> BusValue {
            .array(of: "b", Array(repeating: .bool(true), count: count))
        }
        #expect(try message(list(4_096)).arguments() == [list(4_096)])
        #expect(codes { _ = try message(list(4_097)).arguments() } == "LimitsExceeded")
    }

    @Test("elements of all arrays count together")
    func elementsTogether() throws {
        let half = BusValue.array(of: "b", Array(repeating: .bool(true), count: 2_048))
        let one = BusValue.array(of: "b", [.bool(false)])
        #expect(try message(half, half).arguments().count == 2)
        #expect(codes { _ = try message(half, half, one).arguments() } == "LimitsExceeded")
        let nested = BusValue.array(of: "ab", [half, half])
        #expect(codes { _ = try message(nested).arguments() } == "LimitsExceeded")
    }

    @Test("bytes: 64 KiB are read, one more is not")
    func bytes() throws {
        let most = BusValue.bytes([UInt8](repeating: 7, count: 65_536 - 4))
        let more = BusValue.bytes([UInt8](repeating: 7, count: 65_536 - 3))
        #expect(try message(most).arguments() == [most])
        #expect(codes { _ = try message(more).arguments() } == "LimitsExceeded")
        let text = BusValue.string(String(repeating: "x", count: 65_536 - 5))
        #expect(try message(text).arguments() == [text])
        #expect(codes { _ = try message(text, .byte(1)).arguments() } == "LimitsExceeded")
    }

    @Test("more than 8 MiB are not sent")
    func writing() {
        let half = BusValue.bytes([UInt8](repeating: 1, count: 4 << 20))
        #expect(codes { _ = try message(half) } == nil)
        #expect(codes { _ = try message(half, half) } == "LimitsExceeded")
    }
}

/// Random values of random types, from a seed.
struct RandomValues {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func value(depth: Int) -> BusValue {
        value(of: type(depth: depth), depth: depth)
    }

    mutating func type(depth: Int) -> Signature {
        let basic = ["b", "y", "n", "q", "i", "u", "x", "t", "d", "s", "o", "g"]
        let key = basic[Int(next() % UInt64(basic.count))]
        guard depth > 0 else { return Signature(key) ?? "y" }
        let inner = type(depth: depth - 1).text
        let text =
            switch next() % 7 {
            case 0: "a" + inner
            case 1: "a{" + key + inner + "}"
            case 2: "(" + inner + key + ")"
            case 3: "v"
            default: key
            }
        return Signature(text) ?? "y"
    }

    mutating func value(of type: Signature, depth: Int) -> BusValue {
        let bits = next()
        let count = bits % 4
        let text = type.text
        switch text.first {
        case "b": return .bool(bits & 1 == 1)
        case "y": return .byte(UInt8(truncatingIfNeeded: bits))
        case "n": return .int16(Int16(truncatingIfNeeded: bits))
        case "q": return .uint16(UInt16(truncatingIfNeeded: bits))
        case "i": return .int32(Int32(truncatingIfNeeded: bits))
        case "u": return .uint32(UInt32(truncatingIfNeeded: bits))
        case "x": return .int64(Int64(truncatingIfNeeded: bits))
        case "t": return .uint64(bits)
        case "d": return .double(Double(Int32(truncatingIfNeeded: bits)) / 8)
        case "s": return .string(String(repeating: "ö", count: Int(count)))
        case "o": return .objectPath(ObjectPath("/a").child("\(count)"))
        case "g": return .signature(self.type(depth: 1))
        case "v": return .variant(value(depth: max(0, depth - 1)))
        case "(":
            let fields = Signature(String(text.dropFirst().dropLast()))?.types ?? []
            return .structure(fields.map { value(of: $0, depth: depth - 1) })
        default:
            if text == "ay" { return .bytes((0..<count).map { UInt8($0) }) }
            if text.hasPrefix("a{") {
                let types = Signature(String(text.dropFirst(2).dropLast()))?.types ?? []
                return .dictionary(
                    key: types[0], value: types[1],
                    (0..<count).map { _ in
                        .init(
                            value(of: types[0], depth: 0), value(of: types[1], depth: depth - 1))
                    })
            }
            let element = Signature(String(text.dropFirst())) ?? "y"
            return .array(
                of: element, (0..<count).map { _ in value(of: element, depth: depth - 1) })
        }
    }
}
