import JSON

/// Reading single values. Every function reports what it refuses and returns nil.
extension Decoding {
    /// Any text.
    mutating func string(_ node: JSONNode, _ expected: @autoclosure () -> String) -> String? {
        guard case .string(let text) = node.content else {
            reject(node, expected())
            return nil
        }
        return text
    }

    /// Text for people: something to see, on one line, of at most 1,000 characters.
    mutating func label(_ node: JSONNode) -> String? {
        text(node, Label.expected, isGood: Label.isGood)
    }

    /// The name of a thing: see `Identifier`.
    mutating func identifier(_ node: JSONNode) -> String? {
        text(node, Identifier.expected, isGood: Identifier.isGood)
    }

    /// A word of the operator's own: see `Token`.
    mutating func token(_ node: JSONNode) -> String? {
        text(node, Token.expected, isGood: Token.isGood)
    }

    /// Text that fulfils a rule.
    mutating func text(
        _ node: JSONNode, _ expected: String, isGood: (String) -> Bool
    ) -> String? {
        guard let text = string(node, expected) else { return nil }
        guard isGood(text) else {
            reject(node, expected)
            return nil
        }
        return text
    }

    /// One of some words.
    mutating func choice<Value>(_ node: JSONNode, _ words: KeyValuePairs<String, Value>) -> Value? {
        let names = words.map(\.key)
        guard let word = string(node, Decoding.list(names)) else { return nil }
        guard let match = words.first(where: { $0.key == word }) else {
            reject(node, Decoding.list(names) + Suggestion.question(word, names))
            return nil
        }
        return match.value
    }

    /// True or false.
    mutating func bool(_ node: JSONNode) -> Bool? {
        guard case .bool(let value) = node.content else {
            reject(node, "true or false")
            return nil
        }
        return value
    }

    /// A whole number within limits.
    mutating func whole<Integer: FixedWidthInteger>(
        _ node: JSONNode, _ range: ClosedRange<Integer>, _ unit: String = ""
    ) -> Integer? {
        guard case .number(let number) = node.content, let value = number.integer(as: Integer.self),
            range.contains(value)
        else {
            let bound =
                range.upperBound == .max
                ? "a whole number from \(range.lowerBound) up"
                : "a whole number from \(range.lowerBound) to \(range.upperBound)"
            reject(node, bound + unit)
            return nil
        }
        return value
    }

    /// A number within limits.
    mutating func real(
        _ node: JSONNode, _ range: ClosedRange<Double>, _ unit: String = ""
    ) -> Double? {
        guard case .number(let number) = node.content, let value = number.double,
            range.contains(value)
        else {
            let bounds = [range.lowerBound, range.upperBound].map(Decoding.short)
            reject(node, "a number from \(bounds[0]) to \(bounds[1])\(unit)")
            return nil
        }
        return value
    }

    /// `1.0` as `1`.
    static func short(_ value: Double) -> String {
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// Names of things: zones, merchants, campaigns, devices, holders.
///
/// Anything that can be seen, in any script, without spaces, so that a name can stand in a
/// command, a file of rows or a topic without quoting; at most 64 characters.
public enum Identifier {
    /// What one looks like, for messages.
    public static let expected = "a name of 1 to 64 visible characters without spaces"

    /// Whether a text is one.
    public static func isGood(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
            return (1...64).contains(text.utf8.count)
        }
        let scalars = text.unicodeScalars
        return !scalars.isEmpty && scalars.count <= 64 && scalars.allSatisfy(Decoding.isVisible)
    }
}

/// Words an operator or a driver's maker chooses, such as `coupon` or `blood-pressure`.
enum Token {
    static let expected = "a word of lower-case letters, digits and hyphens, such as \"coupon\""

    static func isGood(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text.utf8.first, letters.contains(first), text.utf8.count <= 64 else {
            return false
        }
        return text.utf8.allSatisfy {
            letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-")
        }
    }
}

/// Text for people.
enum Label {
    static let expected = "1 to 1000 characters of text on one line"

    static func isGood(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) {
            return text.utf8.count <= 1_000 && text.utf8.contains { $0 != UInt8(ascii: " ") }
        }
        let scalars = text.unicodeScalars
        guard scalars.count <= 1_000 else { return false }
        // Joiners and direction marks are format characters that names in many scripts need.
        let isClean = scalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate: false
            default: true
            }
        }
        return isClean && scalars.contains(where: Decoding.isVisible)
    }
}
