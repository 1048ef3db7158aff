/// Base64 (RFC 4648).
package enum Base64 {
    /// The last two letters of the alphabet, and whether the text is padded.
    package enum Alphabet {
        /// `+` and `/`, padded (§4).
        case standard
        /// `-` and `_`, not padded (§5).
        case urlSafe
    }

    /// The text of bytes.
    package static func encode(_ bytes: [UInt8], alphabet: Alphabet = .standard) -> String {
        var letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        letters += alphabet == .standard ? Array("+/".utf8) : Array("-_".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { text.append(letters[bits >> (18 - 6 * place) & 0x3f]) }
            guard alphabet == .standard else { continue }
            text += repeatElement(UInt8(ascii: "="), count: 3 - group.count)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in either alphabet, padded or not; nil when it is not base64.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits = 0
        var count = 0
        var padding = 0
        for letter in text.utf8 {
            if letter == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: letter) else { return nil }
            bits = (bits << 6 | value) & 0xff_ffff
            count += 1
            switch count % 4 {
            case 2: bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 3: bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 0: bytes.append(UInt8(truncatingIfNeeded: bits))
            default: break
            }
        }
        // One letter alone is less than a byte; padding fills a group of four or is left out.
        guard count % 4 != 1, padding == 0 || (count + padding) % 4 == 0 && padding <= 2 else {
            return nil
        }
        return bytes
    }

    private static func value(of letter: UInt8) -> Int? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(letter - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
