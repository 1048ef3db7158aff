import DBus

/// Which kept events are asked for; a key that nobody knows is an error, not "everything".
struct EventFilter {
    var after: Int64 = 0
    var since: Int64 = .min
    var type: String?
    var limit = 100

    init(_ value: BusValue) throws(BusError) {
        for entry in value.entries ?? [] {
            let key = entry.key.string ?? ""
            switch key {
            case "after": after = try Self.number(entry, key, 0...Int64.max)
            case "since": since = try Self.number(entry, key, Int64.min...Int64.max)
            case "limit": limit = Int(try Self.number(entry, key, 1...1_000))
            case "type":
                guard let text = entry.value.string else {
                    throw BusError(.invalid, "filter type: expected a text")
                }
                guard Self.isKnown(text) else {
                    throw BusError(
                        .invalid,
                        "filter type: no event is of type \"\(text)\"; there are org.hubd.….v1 of "
                            + Disclosure.fields.keys.sorted().joined(separator: ", "))
                }
                type = text
            default:
                throw BusError(
                    .invalid, "filter \"\(key)\": expected after, since, type or limit")
            }
        }
    }

    /// Whether there are events of a type; one that ends with a dot stands for all that begin with it.
    private static func isKnown(_ type: String) -> Bool {
        Disclosure.fields.keys.contains { noun in
            let full = "org.hubd.\(noun).v1"
            return type.hasSuffix(".") ? full.hasPrefix(type) : full == type
        }
    }

    private static func number(
        _ entry: BusValue.Entry, _ key: String, _ range: ClosedRange<Int64>
    ) throws(BusError) -> Int64 {
        guard let number = entry.value.integer, range.contains(number) else {
            throw BusError(
                .invalid,
                "filter \(key): expected a whole number of \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }
}

/// Texts that come over the bus and end in the journal, in events and on terminals.
enum Printable {
    /// The text without control characters, and no longer than this; the rest is shown by `…`.
    static func cleaned(_ text: String, longest: Int) -> String {
        let plain = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { isPlain($0) ? $0 : "\u{FFFD}" }))
        guard plain.utf8.count > longest else { return plain }
        var short = ""
        for character in plain {
            guard short.utf8.count + character.utf8.count <= longest else { break }
            short.append(character)
        }
        return short + "…"
    }

    /// No control character: C0, DEL and C1 move cursors and start sequences on terminals.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value)
    }

    static func check(_ text: String, _ what: String, longest: Int) throws(BusError) {
        guard text.unicodeScalars.allSatisfy(isPlain), !text.isEmpty, text.utf8.count <= longest
        else {
            throw BusError(
                .invalid, "\(what): expected 1 to \(longest) bytes without control characters")
        }
    }
}
