import Campaigns

/// Moments in configuration.
enum Timestamp {
    static let expected =
        "a moment such as \"2026-11-01T00:00:00Z\" (RFC 3339), or Unix seconds"

    /// From 1970 to the end of 9999, in Unix seconds.
    static let range: ClosedRange<Int64> = 0...253_402_300_799

    /// Reads `YYYY-MM-DDTHH:MM:SS` with `Z` or an offset `±HH:MM` (RFC 3339 §5.6); a fraction of
    /// the second is dropped.
    static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] | 0x20 == UInt8(ascii: "t"),
            let date = CivilDate(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = digits(bytes[11..<13], 0...23), let minute = digits(bytes[14..<16], 0...59),
            let second = digits(bytes[17..<19], 0...60)
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { $0 &- UInt8(ascii: "0") < 10 }
            guard !fraction.isEmpty else { return nil }
            rest = rest[fraction.endIndex...]
        }
        guard let offset = offset(rest) else { return nil }
        // A leap second counts as the second before it, as Unix time has none.
        let seconds =
            Int64(date.dayNumber) * 86_400 + hour * 3_600 + minute * 60 + min(second, 59) - offset
        return range.contains(seconds) ? seconds : nil
    }

    /// Seconds east of UTC of `Z` or `±HH:MM`.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        if bytes.count == 1, bytes.first.map({ $0 | 0x20 }) == UInt8(ascii: "z") { return 0 }
        let text = Array(bytes)
        guard text.count == 6, text[3] == UInt8(ascii: ":"),
            text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
            let hours = digits(text[1..<3], 0...23), let minutes = digits(text[4..<6], 0...59)
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return text[0] == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func digits(_ bytes: ArraySlice<UInt8>, _ range: ClosedRange<Int64>) -> Int64? {
        guard bytes.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return nil }
        let value = bytes.reduce(0 as Int64) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }
}
