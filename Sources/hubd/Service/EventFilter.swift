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
                type = text
            default:
                throw BusError(
                    .invalid, "filter \"\(key)\": expected after, since, type or limit")
            }
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
    static func check(_ text: String, _ what: String, longest: Int) throws(BusError) {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard isPlain, !text.isEmpty, text.utf8.count <= longest else {
            throw BusError(
                .invalid, "\(what): expected 1 to \(longest) bytes without control characters")
        }
    }
}
