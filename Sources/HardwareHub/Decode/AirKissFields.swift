import BeaconScanner

/// The fields of AirKiss lengths or symbols.
///
/// | text | meaning |
/// |---|---|
/// | `81 82 83 84 88 …` | decimal lengths as they were seen, whatever stands between them |
/// | `1 2 3 4 8 …` | symbols: the same with the base length taken off already |
/// | `{"base_length": 80, "guide": [1, …], …}` | symbols, and the base length they were seen with |
/// | `005100520053…` | lengths or symbols as 16-bit words, highest byte first, or else lowest |
enum AirKissFields {
    /// Most numbers read: the longest message takes 200 symbols a round, captures a few rounds.
    static let mostSymbols = 4096

    /// Decodes text.
    static func decode(text: String, aids: DecodeAids) throws(MalformedValue) -> DecodedFields {
        let (lengths, named) = numbers(in: text)
        let base = aids.baseLength ?? named
        var found = lengths.lazy.compactMap {
            AirKissDecoder.decode($0, baseLength: base)
        }.first
        if found == nil {
            // Symbols do not have the base length in them: it was taken off when they were noted.
            found = lengths.lazy.compactMap { AirKissDecoder.decode($0, baseLength: 0) }.first
                .map { ($0.message, base ?? 0) }
        }
        guard let found, let symbols = AirKissSymbols(found.message) else {
            throw .invalid("the symbols do not make a whole message with a right CRC", at: 0)
        }
        var fields = DecodedFields()
        func list(_ symbols: [UInt16]) -> DecodedFields.Value { .list(symbols.map { .number($0) }) }
        let message = found.message
        fields["base_length"] = .number(found.baseLength)
        fields["guide"] = list(AirKissSymbols.guide)
        fields["magic"] = list(symbols.magic)
        fields["prefix"] = list(symbols.prefix)
        fields["sequences"] = .list(symbols.sequences.map(list))
        fields["total"] = .number(message.bytes.count)
        fields["ssid"] = .text(String(decoding: message.name, as: UTF8.self))
        fields["password"] = .text(String(decoding: message.password, as: UTF8.self))
        fields["random"] = .text(Hex.lower([message.random]))
        return fields
    }

    /// The numbers that a text may mean, the likeliest first, and a base length it names.
    private static func numbers(in text: String) -> (lists: [[UInt16]], base: UInt16?) {
        if let bytes = Hex.bytes(text.utf8), bytes.count % 2 == 0, bytes.count > 4 {
            let pairs = stride(from: 0, to: min(bytes.count, 2 * mostSymbols), by: 2).map {
                (UInt16(bytes[$0]), UInt16(bytes[$0 + 1]))
            }
            return ([pairs.map { $0 << 8 | $1 }, pairs.map { $1 << 8 | $0 }], nil)
        }
        let label = Array("base_length".utf8)
        let all = Array(text.utf8)
        let start = all.indices.first { all[$0...].starts(with: label) }
        guard let start else { return ([decimals(all[...])], nil) }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let number = all[(start + label.count)...].drop { !digits.contains($0) }
        let rest = number.drop { digits.contains($0) }
        return (
            [decimals(all[..<start]) + decimals(rest)],
            UInt16(String(decoding: number.prefix { digits.contains($0) }, as: UTF8.self))
        )
    }

    private static func decimals(_ text: ArraySlice<UInt8>) -> [UInt16] {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return text.split { !digits.contains($0) }.prefix(mostSymbols).compactMap {
            UInt16(String(decoding: $0, as: UTF8.self))
        }
    }
}
