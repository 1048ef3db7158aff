/// Encoding, white space, words and what errors call the things they find.
extension Scanner {
    /// Refuses bytes that are not UTF-8, naming the first.
    mutating func checkEncoding() throws(JSONSyntaxError) {
        let fault: Range<Int>?
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            fault = nil
        } catch {
            fault = error.byteOffsets
        }
        guard let fault else { return }
        let byte = bytes.indices.contains(fault.lowerBound) ? bytes[fault.lowerBound] : 0
        throw self.fault(
            at: fault.lowerBound, "the byte 0x\(hexadecimal(UInt32(byte), 2))",
            "UTF-8; save the file as UTF-8")
    }

    /// Skips white space and, in JSON5, comments.
    @inline(__always)
    mutating func skipTrivia() throws(JSONSyntaxError) {
        while byte == UInt8(ascii: " ") { offset += 1 }
        let byte = byte
        if byte > 0x20, byte < 0x80, byte != UInt8(ascii: "/") { return }
        try skipTriviaThatIsThere()
    }

    private mutating func skipTriviaThatIsThere() throws(JSONSyntaxError) {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                offset += 1
            case 0x0b where !isStrict, 0x0c where !isStrict:
                offset += 1
            case UInt8(ascii: "/") where !isStrict:
                try skipComment()
            case 0x80... where !isStrict:
                let (scalar, length) = scalar(at: offset)
                guard isSpace(scalar) else { return }
                offset += length
            default:
                return
            }
        }
    }

    private mutating func skipComment() throws(JSONSyntaxError) {
        let start = offset
        switch peek(1) {
        case UInt8(ascii: "/"):
            while offset < bytes.count, lineBreakLength(at: offset) == 0 { offset += 1 }
        case UInt8(ascii: "*"):
            offset += 2
            while offset < bytes.count {
                if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                    offset += 2
                    return
                }
                offset += 1
            }
            throw fault(at: start, "a comment that is never closed", "*/ after it")
        default:
            throw fault(at: start, "\"/\"", "a comment, // or /*, or nothing")
        }
    }

    /// The length of the line break at an offset (ECMAScript 5.1 §7.3), 0 for none.
    func lineBreakLength(at offset: Int) -> Int {
        guard offset < bytes.count else { return 0 }
        switch bytes[offset] {
        case UInt8(ascii: "\n"): return 1
        case UInt8(ascii: "\r"):
            let isPair = offset + 1 < bytes.count && bytes[offset + 1] == UInt8(ascii: "\n")
            return isPair ? 2 : 1
        case 0xe2:  // U+2028 and U+2029 are E2 80 A8 and E2 80 A9
            let isBreak =
                offset + 2 < bytes.count && bytes[offset + 1] == 0x80
                && bytes[offset + 2] & 0xfe == 0xa8
            return isBreak ? 3 : 0
        default: return 0
        }
    }

    /// White space beyond ASCII: line separators, the byte order mark and category Zs.
    private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2028, 0x2029, 0xfeff: true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    /// A value that is neither list nor object.
    mutating func scalar() throws(JSONSyntaxError) -> JSONNode.Content {
        switch byte {
        case UInt8(ascii: "\""):
            return .string(try string())
        case UInt8(ascii: "'") where !isStrict:
            return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try number())
        case UInt8(ascii: "+"), UInt8(ascii: "."):
            return .number(try number())
        default:
            return try word()
        }
    }

    private mutating func word() throws(JSONSyntaxError) -> JSONNode.Content {
        let start = offset
        let end = wordEnd(from: start)
        let word = String(decoding: bytes[start..<end], as: UTF8.self)
        switch word {
        case "null":
            offset = end
            return .null
        case "true", "false":
            offset = end
            return .bool(word == "true")
        case "NaN", "Infinity":
            throw fault(at: start, word, "a finite number")
        case "":
            throw fault(at: start, found(at: start), "a value")
        default:
            throw fault(
                at: start, found(at: start),
                "a value; text needs quotes, and words are \"true\","
                    + " \"false\" and \"null\"")
        }
    }

    mutating func number() throws(JSONSyntaxError) -> JSONNumber {
        let start = offset
        guard let form = NumberForm(bytes, from: start), wordEnd(from: form.end) == form.end,
            form.end >= bytes.count || bytes[form.end] != UInt8(ascii: ".")
        else {
            if peek(1) == UInt8(ascii: "I") || peek(1) == UInt8(ascii: "N") {
                throw fault(at: start, found(at: start), "a finite number")
            }
            throw fault(at: start, found(at: start), "a number such as 42, -1.5 or 1e3")
        }
        offset = form.end
        if form.isPlainJSON {
            return JSONNumber(checked: String(decoding: bytes[start..<form.end], as: UTF8.self))
        }
        guard !isStrict else {
            throw fault(at: start, found(at: start), "a number as strict JSON writes it")
        }
        guard let text = form.plainText(bytes) else {
            throw fault(at: start, found(at: start), "a hexadecimal number of at most 64 bits")
        }
        return JSONNumber(checked: text)
    }

    /// The end of the letters, digits, `_` and `$` at an offset.
    func wordEnd(from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte < 0x80 {
                guard isASCIIWordByte(byte) else { break }
                end += 1
            } else {
                let (scalar, length) = scalar(at: end)
                guard isIdentifierPart(scalar) else { break }
                end += length
            }
        }
        return end
    }

    /// What an error calls the thing at an offset.
    func found(at start: Int) -> String {
        guard start < bytes.count else { return "the end of the document" }
        var end = start
        let signs: [UInt8] = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")]
        while end < bytes.count, end - start < 32 {
            let next = wordEnd(from: end)
            if next > end {
                end = next
            } else if signs.contains(bytes[end]) {
                end += 1
            } else {
                break
            }
        }
        guard end == start else {
            let text = String(decoding: bytes[start..<end], as: UTF8.self).unicodeScalars
            let head = String(String.UnicodeScalarView(text.prefix(32)))
            return "\"\(head)\(text.count > 32 ? "…" : "")\""
        }
        let scalar = scalar(at: start).scalar
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse,
            .unassigned:
            return "the character U+\(hexadecimal(scalar.value, 4))"
        default:
            return scalar == "\"" ? "a double quote" : "\"\(scalar)\""
        }
    }

    /// The scalar at an offset of checked UTF-8, and its length in bytes.
    func scalar(at offset: Int) -> (scalar: Unicode.Scalar, length: Int) {
        var decoder = UTF8()
        var iterator = bytes[offset..<min(offset + 4, bytes.count)].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else {
            return ("\u{fffd}", 1)
        }
        return (scalar, UTF8.width(scalar))
    }

    func isASCIIWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "$")
    }

    /// ECMAScript 5.1 §7.6: what may begin an unquoted key.
    func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .letterNumber:
            true
        default: scalar == "$" || scalar == "_"
        }
    }

    /// ECMAScript 5.1 §7.6: what may go on in an unquoted key.
    func isIdentifierPart(_ scalar: Unicode.Scalar) -> Bool {
        if isIdentifierStart(scalar) { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return true
        default: return scalar == "\u{200c}" || scalar == "\u{200d}"
        }
    }
}

/// Upper-case hexadecimal digits, at least so many.
func hexadecimal(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
}
