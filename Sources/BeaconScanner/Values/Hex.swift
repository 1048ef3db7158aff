/// Hexadecimal text of bytes.
public enum Hex {
    private static let upperDigits = Array("0123456789ABCDEF".utf8)
    private static let lowerDigits = Array("0123456789abcdef".utf8)

    /// Two upper-case digits.
    public static func upper(_ byte: UInt8) -> String {
        text([byte], upperDigits)
    }

    /// Upper-case digits without separators.
    public static func upper(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, upperDigits)
    }

    /// Lower-case digits without separators.
    public static func lower(_ bytes: some Sequence<UInt8>) -> String {
        text(bytes, lowerDigits)
    }

    /// The bytes of hexadecimal text, in either case and without separators.
    ///
    /// - Returns: nil for an odd number of digits or anything that is not a digit.
    public static func bytes(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            guard let digit = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    /// The value of one digit, in either case; nil when it is none.
    public static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func text(_ bytes: some Sequence<UInt8>, _ digits: [UInt8]) -> String {
        var characters: [UInt8] = []
        for byte in bytes {
            characters.append(digits[Int(byte >> 4)])
            characters.append(digits[Int(byte & 15)])
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
