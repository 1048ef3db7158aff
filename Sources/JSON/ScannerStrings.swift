/// Strings and keys.
extension Scanner {
    /// A key: a string or, in JSON5, an identifier.
    mutating func keyText() throws(JSONSyntaxError) -> String {
        if byte == UInt8(ascii: "\"") || (byte == UInt8(ascii: "'") && !isStrict) {
            return try string()
        }
        guard !isStrict else {
            throw fault(at: offset, found(at: offset), "a key in double quotes")
        }
        return try identifier()
    }

    private mutating func identifier() throws(JSONSyntaxError) -> String {
        let start = offset
        if isASCIIWordByte(byte), !isDigit(byte) {
            let end = wordEnd(from: start)
            guard end < bytes.count, bytes[end] == UInt8(ascii: "\\") else {
                offset = end
                return String(decoding: bytes[start..<end], as: UTF8.self)
            }
        }
        var text = String.UnicodeScalarView()
        while offset < bytes.count {
            let place = offset
            let next: Unicode.Scalar
            if byte == UInt8(ascii: "\\") {
                guard peek(1) == UInt8(ascii: "u") else {
                    throw fault(at: place, found(at: place), "\\u and four hexadecimal digits")
                }
                offset += 2
                next = try unicodeEscape(from: place)
            } else {
                let (scalar, length) = scalar(at: offset)
                guard isIdentifierPart(scalar) else { break }
                next = scalar
                offset += length
            }
            guard text.isEmpty ? isIdentifierStart(next) : isIdentifierPart(next) else {
                throw fault(at: place, found(at: place), "a letter, or the key in quotes")
            }
            text.append(next)
        }
        guard !text.isEmpty else {
            throw fault(at: start, found(at: start), "a key")
        }
        return String(text)
    }

    /// A string in either kind of quotes.
    mutating func string() throws(JSONSyntaxError) -> String {
        let start = offset
        let quote = byte
        offset += 1
        var text: [UInt8] = []
        var run = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == quote {
                defer { offset += 1 }
                guard !text.isEmpty || run != start + 1 else {
                    return String(decoding: bytes[run..<offset], as: UTF8.self)
                }
                text += bytes[run..<offset]
                return String(decoding: text, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") {
                text += bytes[run..<offset]
                try escape(into: &text)
                run = offset
            } else if byte < 0x20 {
                try checkControl(byte)
                offset += 1
            } else {
                offset += 1
            }
        }
        throw fault(at: start, "a string that is never closed", "its closing quote")
    }

    /// JSON5 allows control characters in strings, but for line breaks; JSON allows none.
    private mutating func checkControl(_ byte: UInt8) throws(JSONSyntaxError) {
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
            throw fault(
                at: offset, "a line break inside a string",
                "the closing quote, or \\n for a line break")
        }
        if isStrict {
            throw fault(
                at: offset, found(at: offset), "\\u\(hexadecimal(UInt32(byte), 4)) instead of it")
        }
    }

    /// One escape sequence, from its backslash on.
    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        let start = offset
        let breakLength = lineBreakLength(at: offset + 1)
        let code = peek(1)
        if breakLength > 0, !isStrict {
            offset += 1 + breakLength
            return
        }
        guard start + 1 < bytes.count else {
            offset = bytes.count
            return
        }
        offset += 2
        if let character = Scanner.simpleEscape(code) {
            text.append(character)
            return
        }
        if code == UInt8(ascii: "u") {
            text += Array(String(try unicodeEscape(from: start)).utf8)
            return
        }
        guard !isStrict else {
            throw fault(
                at: start, "the escape \"\\\" before \(found(at: start + 1))",
                "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
        switch code {
        case UInt8(ascii: "v"):
            text.append(0x0b)
        case UInt8(ascii: "x"):
            guard let value = hexadecimalDigits(2), let scalar = Unicode.Scalar(value) else {
                throw fault(at: start, "\\x", "\\x and two hexadecimal digits")
            }
            text += Array(String(scalar).utf8)
        case UInt8(ascii: "0") where !isDigit(byte):
            text.append(0)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            throw fault(
                at: start, "an octal escape", "\\x and two hexadecimal digits")
        default:
            // Any other character stands for itself; its bytes are taken as they come.
            offset -= 1
            let length = scalar(at: offset).length
            text += bytes[offset..<(offset + length)]
            offset += length
        }
    }

    /// The escapes both dialects share (RFC 8259 §7).
    private static func simpleEscape(_ code: UInt8) -> UInt8? {
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): code
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The digits after `\u`, with the second escape of a surrogate pair.
    private mutating func unicodeEscape(
        from start: Int
    ) throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let first = hexadecimalDigits(4) else {
            throw fault(at: start, "\\u", "\\u and four hexadecimal digits")
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xdc00, byte == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") {
            offset += 2
            if let second = hexadecimalDigits(4), second & 0xfc00 == 0xdc00,
                let scalar = Unicode.Scalar(
                    0x1_0000 + (first & 0x3ff) << 10 + (second & 0x3ff))
            {
                return scalar
            }
        }
        throw fault(
            at: start, "half of a surrogate pair, \\u\(hexadecimal(first, 4))",
            "both halves, as in \\uD83D\\uDE00")
    }

    private mutating func hexadecimalDigits(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard isHexadecimalDigit(byte) else { return nil }
            let digit = isDigit(byte) ? byte & 0x0f : (byte & 0x0f) + 9
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
