/// What a beacon says it is: the identifier in its frame, whatever the format.
///
/// A trivial value of 24 bytes, so that the hot path can compare, hash and keep it without
/// allocating. The text form is the catalog's: see `init(_:)`.
public struct BeaconID: Hashable, Sendable {
    /// The frame format the identifier comes from.
    public enum Format: UInt8, Sendable, CaseIterable {
        /// UUID (16 bytes), major and minor (2 bytes each): all 20 bytes.
        case iBeacon = 1
        /// The 20 bytes of an AltBeacon identifier.
        case altBeacon = 2
        /// Namespace (10 bytes) and instance (6 bytes), then zeros.
        case eddystoneUID = 3
        /// The encoded URL (scheme byte and at most 17 more), then zeros.
        case eddystoneURL = 4
        /// An ephemeral identifier (8 bytes) that no configured identity key explains.
        case eddystoneEphemeral = 5
        /// A beacon known by its identity key: its name in the catalog, at most 20 ASCII
        /// characters, then zeros.
        case eddystoneResolved = 6
    }

    /// The frame format.
    public let format: Format
    /// How many of the 20 bytes carry the identifier.
    public let length: UInt8
    /// Bytes 0 to 7, first byte highest.
    public let high: UInt64
    /// Bytes 8 to 15, first byte highest.
    public let middle: UInt64
    /// Bytes 16 to 19, first byte highest.
    public let low: UInt32

    /// Makes an identifier from at most 20 bytes; what is missing is zero, what is over is dropped.
    @inlinable
    public init(format: Format, bytes: Span<UInt8>) {
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        let count = min(bytes.count, 20)
        for index in 0..<count {
            let byte = bytes[index]
            switch index {
            case 0..<8: words.0 |= UInt64(byte) << UInt64(56 - 8 * index)
            case 8..<16: words.1 |= UInt64(byte) << UInt64(56 - 8 * (index - 8))
            default: words.2 |= UInt32(byte) << UInt32(24 - 8 * (index - 16))
            }
        }
        self.init(
            format: format, length: UInt8(truncatingIfNeeded: count), high: words.0,
            middle: words.1, low: words.2)
    }

    /// Makes an identifier from its words, first byte highest.
    @inlinable
    public init(format: Format, length: UInt8, high: UInt64, middle: UInt64, low: UInt32) {
        self.format = format
        self.length = length
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// The identifier's bytes in the order they were on air.
    public var bytes: [UInt8] {
        (0..<Int(min(length, 20))).map { index in
            switch index {
            case 0..<8: UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
            case 8..<16: UInt8(truncatingIfNeeded: middle >> UInt64(56 - 8 * (index - 8)))
            default: UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * (index - 16)))
            }
        }
    }

    /// The major number of an iBeacon; nil for other formats.
    public var major: UInt16? {
        format == .iBeacon ? UInt16(truncatingIfNeeded: low >> 16) : nil
    }

    /// The minor number of an iBeacon; nil for other formats.
    public var minor: UInt16? {
        format == .iBeacon ? UInt16(truncatingIfNeeded: low) : nil
    }

    /// The proximity UUID of an iBeacon in its usual text form, upper case; nil for other formats.
    public var uuidText: String? {
        guard format == .iBeacon else { return nil }
        let digits = Array(Hex.upper(bytes.prefix(16)))
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { String(digits[$0]) }.joined(separator: "-")
    }
}
