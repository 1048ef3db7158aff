/// A catalog that carries its signature itself: in a first line, a comment of JSON5, that is not
/// signed. A bridge between brokers, or one that knows no MQTT 5, loses user properties, and two
/// messages would not change at once (decision 18).
extension SignedCatalog {
    private static let mark = Array("// \(name): ".utf8)
    /// Longer than any signature.
    private static let longestLine = 256
    /// The longest text with such a line.
    static let longestFramed = limit + longestLine

    /// The signature of a text's first line and what follows it; nil and the text as it is when it
    /// has no such line.
    static func unframed(_ bytes: [UInt8]) -> (signature: String?, bytes: [UInt8]) {
        guard bytes.starts(with: mark),
            let end = bytes.prefix(longestLine).firstIndex(of: UInt8(ascii: "\n"))
        else { return (nil, bytes) }
        var line = bytes[mark.count..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return (String(decoding: line, as: UTF8.self), Array(bytes[(end + 1)...]))
    }
}
