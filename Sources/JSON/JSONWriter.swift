/// Writing JSON (RFC 8259): always valid, in UTF-8, with nothing escaped that need not be.
extension JSONValue {
    /// How a document is laid out.
    public enum Style: Sendable {
        /// On one line, without spaces.
        case compact
        /// One member or element a line, indented by two spaces.
        case pretty
    }

    /// The document as bytes, without a line break at the end.
    public func bytes(_ style: Style = .compact) -> [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes, style)
        return bytes
    }

    /// The document as text, without a line break at the end.
    public func text(_ style: Style = .compact) -> String {
        String(decoding: bytes(style), as: UTF8.self)
    }

    /// Appends the document to bytes.
    public func write(to bytes: inout [UInt8], _ style: Style = .compact) {
        write(to: &bytes, indent: style == .pretty ? 0 : nil)
    }

    /// `indent` is the present level, nil for compact.
    private func write(to bytes: inout [UInt8], indent: Int?) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let value): bytes += value.text.utf8
        case .string(let value): JSONValue.write(value, to: &bytes)
        case .array(let elements):
            JSONValue.write(elements, in: ("[", "]"), to: &bytes, indent) { element, bytes, inner in
                element.write(to: &bytes, indent: inner)
            }
        case .object(let members):
            JSONValue.write(members, in: ("{", "}"), to: &bytes, indent) { member, bytes, inner in
                JSONValue.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if inner != nil { bytes.append(UInt8(ascii: " ")) }
                member.value.write(to: &bytes, indent: inner)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], in brackets: (Unicode.Scalar, Unicode.Scalar), to bytes: inout [UInt8],
        _ indent: Int?, _ body: (Item, inout [UInt8], Int?) -> Void
    ) {
        bytes.append(UInt8(ascii: brackets.0))
        let inner = indent.map { $0 + 1 }
        var isFirst = true
        for item in items {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            breakLine(&bytes, inner)
            body(item, &bytes, inner)
        }
        if !items.isEmpty { breakLine(&bytes, indent) }
        bytes.append(UInt8(ascii: brackets.1))
    }

    private static func breakLine(_ bytes: inout [UInt8], _ level: Int?) {
        guard let level else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    /// Appends a string in quotes.
    private static func write(_ string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if string.utf8.contains(where: mustEscape) {
            for byte in string.utf8 {
                if mustEscape(byte) { escape(byte, to: &bytes) } else { bytes.append(byte) }
            }
        } else {
            bytes += string.utf8
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0x00..<0x20: bytes += "u\(hexadecimal(UInt32(byte), 4))".utf8
        default: bytes.append(byte)
        }
    }
}
