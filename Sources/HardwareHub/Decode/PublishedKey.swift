import BeaconScanner

/// A key that stands in public documents, so that everybody has it.
///
/// What it opens was made to show or to test something, or comes from a device that was never
/// given a key of its own. Decoding tries these unasked, after the plain reading, and says so.
public struct PublishedKey: Hashable, Sendable {
    /// What a key is for.
    public enum Use: String, Sendable {
        /// The identity key of an Eddystone-EID beacon.
        case identity
        /// The key of an AirSync device: proofs and session keys.
        case device
        /// The key of an AirSync session: bodies.
        case session
    }

    /// What it is for.
    public let use: Use
    /// The key, 16 bytes.
    public let bytes: [UInt8]
    /// Where it is published.
    public let provenance: String

    /// All of them: one table, shown by `hubctl help decode`.
    public static let all = [
        PublishedKey(
            use: .identity, bytes: Array(0x00...0x0f),
            provenance: "test vectors by the rules of google/eddystone"),
        PublishedKey(
            use: .device, bytes: Array(0x00...0x0f),
            provenance: "WeChat's sample firmware, icprog/airsync_rda"),
        PublishedKey(
            use: .session, bytes: Array(0xa0...0xaf),
            provenance: "test vectors for that firmware"),
    ]

    /// Those for one use.
    public static func all(for use: Use) -> [PublishedKey] { all.filter { $0.use == use } }

    /// The beacon clocks of the published Eddystone-EID vectors: rotation exponent and seconds.
    public static let clocks: [(rotation: UInt8, seconds: UInt32)] = [
        (0, 0), (4, 0xff00), (9, 0x1234_5678),
    ]

    /// The key in hexadecimal.
    public var hex: String { Hex.lower(bytes) }
}
