internal import Glibc
import JSON

/// The parts of an absolute URL with a host (RFC 3986 §3), as far as configuration must know them.
struct WebAddress: Hashable, Sendable {
    /// In lower case.
    let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    let host: String
    /// Nil for the scheme's own.
    let port: UInt16?
    /// Whether a user or password stands before the host.
    let hasUser: Bool

    /// Whether the host is this machine.
    var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { UInt8($0).map { String($0) } == String($0) }
    }

    /// Reads a URL; nil when it is none, has no host, or has a character that URLs have not.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2_048, bytes.allSatisfy(WebAddress.isURLCharacter),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[(colon + 1)...].starts(with: Array("//".utf8))
        else { return nil }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        let rest = bytes[(colon + 3)...]
        var authority = rest.prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        hasUser = authority.contains(UInt8(ascii: "@"))
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            authority = authority[(at + 1)...]
        }
        let name: ArraySlice<UInt8>
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            name = authority[(authority.startIndex + 1)..<end]
            authority = authority[(end + 1)...]
            guard WebAddress.isAddress(String(decoding: name, as: UTF8.self)) else { return nil }
        } else {
            name = authority.prefix { $0 != UInt8(ascii: ":") }
            authority = authority[name.endIndex...]
            guard name.allSatisfy(WebAddress.isHostCharacter) else { return nil }
        }
        guard !name.isEmpty else { return nil }
        host = String(decoding: name, as: UTF8.self).lowercased()
        guard let separator = authority.first else {
            port = nil
            return
        }
        let digits = String(decoding: authority.dropFirst(), as: UTF8.self)
        guard separator == UInt8(ascii: ":"), digits.first != "+", let value = UInt16(digits),
            value > 0
        else { return nil }
        port = value
    }

    /// A URL in which each `word` behind the host is replaced.
    static func filled(_ text: String, _ word: String, with value: String) -> String {
        let bytes = Array(text.utf8)
        let slashes = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }
        guard slashes.count > 2 else { return text }
        var filled = Array(bytes[..<slashes[2]])
        var rest = bytes[slashes[2]...]
        while let byte = rest.first {
            if rest.starts(with: word.utf8) {
                filled += value.utf8
                rest = rest.dropFirst(word.utf8.count)
            } else {
                filled.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: filled, as: UTF8.self)
    }

    /// Unreserved, reserved and percent (RFC 3986 §2).
    private static func isURLCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{")...UInt8(ascii: "}"):
            false
        default: byte > 0x20 && byte < 0x7f
        }
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    /// Whether a text may stand in brackets: an IPv6 address (RFC 3986 §3.2.2).
    private static func isAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return unsafe inet_pton(AF_INET6, text, &address) == 1
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }
}

extension Decoding {
    /// The address of a page or picture: http or https, as a phone can open it.
    mutating func pageURL(_ node: JSONNode) -> String? {
        let expected =
            "a URL such as \"https://shop.example/offer\", other characters percent-encoded"
        guard let text = string(node, expected) else { return nil }
        guard let address = WebAddress(text), ["http", "https"].contains(address.scheme) else {
            reject(node, expected)
            return nil
        }
        return text
    }

    /// The address of a server, encrypted unless it is on this machine.
    ///
    /// - Parameters:
    ///   - node: the value.
    ///   - secure: the scheme with encryption.
    ///   - plain: the scheme without, for loopback only.
    ///   - word: a word in braces that may stand behind the host.
    /// - Returns: the URL as it is written.
    mutating func serverURL(
        _ node: JSONNode, secure: String, plain: String, word: String? = nil
    ) -> String? {
        let expected = "a URL such as \"\(secure)://sync.example/path\""
        guard let text = string(node, expected) else { return nil }
        let filled = word.map { WebAddress.filled(text, $0, with: "x") } ?? text
        guard let address = WebAddress(filled), [secure, plain].contains(address.scheme) else {
            reject(node, expected)
            return nil
        }
        if address.hasUser {
            reject(node, "a URL without user and password; secrets belong into files")
            return nil
        }
        if address.scheme == plain, !address.isLoopback {
            reject(
                node, "\(secure):; \(plain): is only for this machine (localhost, 127.0.0.1, [::1])"
            )
            return nil
        }
        return text
    }
}
