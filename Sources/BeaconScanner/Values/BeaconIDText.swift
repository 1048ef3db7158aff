extension BeaconID: CustomStringConvertible {
    /// The text form, as catalogs, events and commands write it; `init(_:)` reads it back.
    public var description: String {
        switch format {
        case .iBeacon: "\(uuidText ?? "")/\(major ?? 0)/\(minor ?? 0)"
        case .altBeacon: Prefix.altBeacon + Hex.lower(bytes)
        case .eddystoneUID:
            Prefix.eddystone + Hex.lower(bytes.prefix(10)) + "/" + Hex.lower(bytes.dropFirst(10))
        case .eddystoneURL: Prefix.url + Hex.lower(bytes)
        case .eddystoneEphemeral: Prefix.ephemeral + Hex.lower(bytes)
        case .eddystoneResolved: Prefix.resolved + String(decoding: bytes, as: UTF8.self)
        }
    }

    private enum Prefix {
        static let altBeacon = "altbeacon:"
        static let eddystone = "eddystone:"
        static let url = "eddystone-url:"
        static let ephemeral = "eddystone-ephemeral:"
        static let resolved = "eddystone-eid:"
    }

    /// Reads an identifier's text form.
    ///
    /// - `UUID/MAJOR/MINOR`: iBeacon; the UUID with or without hyphens, in either case.
    /// - `altbeacon:` and 40 hexadecimal digits, or the same three parts as an iBeacon.
    /// - `eddystone:NAMESPACE/INSTANCE`: 20 and 12 hexadecimal digits.
    /// - `eddystone-eid:NAME`: a beacon resolved by its identity key; 1 to 20 letters, digits,
    ///   `-`, `_` or `.`.
    /// - `eddystone-url:` and `eddystone-ephemeral:` with the frame's bytes in hexadecimal.
    public init?(_ text: String) {
        let utf8 = text.utf8
        if let digits = Self.rest(of: utf8, after: Prefix.altBeacon) {
            self.init(.altBeacon, Hex.bytes(digits) ?? Self.triple(Substring(digits)), 20...20)
        } else if let pair = Self.rest(of: utf8, after: Prefix.eddystone) {
            let parts = pair.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].count == 20, parts[1].count == 12 else { return nil }
            self.init(.eddystoneUID, Hex.bytes(Array(parts[0]) + Array(parts[1])), 16...16)
        } else if let name = Self.rest(of: utf8, after: Prefix.resolved) {
            guard name.allSatisfy(Self.isNameCharacter) else { return nil }
            self.init(.eddystoneResolved, Array(name), 1...20)
        } else if let digits = Self.rest(of: utf8, after: Prefix.url) {
            self.init(.eddystoneURL, Hex.bytes(digits), 1...18)
        } else if let digits = Self.rest(of: utf8, after: Prefix.ephemeral) {
            self.init(.eddystoneEphemeral, Hex.bytes(digits), 8...8)
        } else {
            self.init(.iBeacon, Self.triple(Substring(text)), 20...20)
        }
    }

    /// The 20 bytes of `UUID/NUMBER/NUMBER`.
    private static func triple(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let first = decimal(parts[1]), let second = decimal(parts[2]),
            let uuid = uuid(parts[0])
        else { return nil }
        return [first, second].reduce(into: uuid) { bytes, number in
            bytes.append(UInt8(truncatingIfNeeded: number >> 8))
            bytes.append(UInt8(truncatingIfNeeded: number))
        }
    }

    private init?(_ format: Format, _ bytes: [UInt8]?, _ lengths: ClosedRange<Int>) {
        guard let bytes, lengths.contains(bytes.count) else { return nil }
        self.init(format: format, bytes: bytes.span)
    }

    /// The 16 bytes of `XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX` or of 32 digits.
    private static func uuid(_ text: Substring) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        if utf8.count == 32 { return Hex.bytes(utf8) }
        let hyphens = [8, 13, 18, 23]
        guard utf8.count == 36, hyphens.allSatisfy({ utf8[$0] == UInt8(ascii: "-") }) else {
            return nil
        }
        return Hex.bytes(utf8.indices.filter { !hyphens.contains($0) }.map { utf8[$0] })
    }

    /// Digits only: `UInt16.init` would also take a sign.
    private static func decimal(_ text: Substring) -> UInt16? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return UInt16(text)
    }

    private static func rest(of text: String.UTF8View, after prefix: String) -> Substring.UTF8View?
    {
        text.starts(with: prefix.utf8) ? text.dropFirst(prefix.utf8.count) : nil
    }

    private static func isNameCharacter(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
