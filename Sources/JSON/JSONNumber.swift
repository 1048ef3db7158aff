/// A number as its decimal text, so that 80.00 stays 80.00 and every 64-bit integer fits.
///
/// The text is always a JSON number (RFC 8259 §6); there is no way to make one that is not finite.
/// Two numbers are equal when their texts are.
public struct JSONNumber: Hashable, Sendable {
    /// The number as it is written.
    public let text: String

    /// Makes a number from an integer.
    public init(_ integer: some FixedWidthInteger) {
        text = String(integer)
    }

    /// Makes a number from a floating-point value, in the shortest text that reads back the same.
    ///
    /// - Returns: nil for infinity and NaN, which JSON cannot carry.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// Makes a number from decimal text such as `80.00`, keeping it as it is.
    ///
    /// - Returns: nil when the text is not a JSON number.
    public init?(decimal text: String) {
        guard let form = NumberForm(Array(text.utf8), from: 0), form.isPlainJSON,
            form.end == text.utf8.count
        else { return nil }
        self.text = text
    }

    /// For the reader, which has checked the text.
    init(checked text: String) {
        self.text = text
    }

    /// The number as an integer; nil when it is written with a fraction or exponent, or is too big.
    public func integer<Integer: FixedWidthInteger>(as type: Integer.Type = Int.self) -> Integer? {
        Integer(text)
    }

    /// The nearest floating-point value; nil when the number is beyond its range.
    public var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}

/// The parts of a number literal in either dialect, found in one pass.
///
/// grammar: | sign | digits | "." digits | "e" sign digits |, or | sign | "0x" hexadecimal digits |
struct NumberForm {
    private(set) var sign: UInt8?
    private(set) var hexadecimal: Range<Int>?
    private(set) var whole: Range<Int>
    private(set) var hasPoint = false
    private(set) var fraction: Range<Int>
    private(set) var exponent: Range<Int>
    private(set) var end: Int

    /// Reads the literal at an offset; nil when there is none.
    init?(_ bytes: [UInt8], from start: Int) {
        func digits(from start: Int) -> Range<Int> {
            var end = start
            while end < bytes.count, isDigit(bytes[end]) { end += 1 }
            return start..<end
        }
        func at(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

        var offset = start
        if at(offset) == UInt8(ascii: "-") || at(offset) == UInt8(ascii: "+") {
            sign = at(offset)
            offset += 1
        }
        whole = digits(from: offset)
        fraction = whole.upperBound..<whole.upperBound
        exponent = fraction
        end = whole.upperBound
        if whole.count == 1, at(offset) == UInt8(ascii: "0"), at(end) | 0x20 == UInt8(ascii: "x") {
            var last = end + 1
            while isHexadecimalDigit(at(last)) { last += 1 }
            guard last > end + 1 else { return nil }
            hexadecimal = (end + 1)..<last
            end = last
            return
        }
        if at(end) == UInt8(ascii: ".") {
            hasPoint = true
            fraction = digits(from: end + 1)
            end = fraction.upperBound
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        if whole.count > 1, bytes[whole.lowerBound] == UInt8(ascii: "0") { return nil }
        if at(end) | 0x20 == UInt8(ascii: "e") {
            let signed = at(end + 1) == UInt8(ascii: "-") || at(end + 1) == UInt8(ascii: "+")
            let power = digits(from: end + (signed ? 2 : 1))
            guard !power.isEmpty else { return nil }
            exponent = end..<power.upperBound
            end = power.upperBound
        }
    }

    /// Whether the literal is one of strict JSON as it stands.
    var isPlainJSON: Bool {
        hexadecimal == nil && sign != UInt8(ascii: "+") && !whole.isEmpty
            && hasPoint == !fraction.isEmpty
    }

    /// The literal as strict JSON; nil for a hexadecimal number of more than 64 bits.
    func plainText(_ bytes: [UInt8]) -> String? {
        var text = sign == UInt8(ascii: "-") ? "-" : ""
        if let hexadecimal {
            let digits = String(decoding: bytes[hexadecimal], as: UTF8.self)
            guard let value = UInt64(digits, radix: 16) else { return nil }
            return text + String(value)
        }
        text += whole.isEmpty ? "0" : String(decoding: bytes[whole], as: UTF8.self)
        if !fraction.isEmpty { text += "." + String(decoding: bytes[fraction], as: UTF8.self) }
        return text + String(decoding: bytes[exponent], as: UTF8.self)
    }
}

func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
}

func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6
}
