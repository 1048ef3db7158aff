/// The money on an ETC card: four bytes, big-endian, in 0.01 CNY.
public struct CardBalance: Hashable, Sendable {
    /// Balance in 0.01 CNY (fen).
    public let fen: Int64
    /// Whether the card's number had its highest bit set, which some cards add to the balance: it
    /// was taken off, and a person should look at the result.
    public let isSuspicious: Bool

    /// Takes the card's number.
    public init(raw: UInt32) {
        isSuspicious = raw >= 0x8000_0000
        fen = Int64(raw & 0x7fff_ffff)
    }

    /// Reads a card's reply.
    ///
    /// - Throws: `MalformedValue` for fewer than four bytes.
    public init(_ reply: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        self.init(raw: UInt32(truncatingIfNeeded: try cursor.big(reply, 4, "balance")))
    }

    /// Balance in CNY.
    public var yuan: Decimal10 { Decimal10(mantissa: fen, exponent: -2) }
}

/// A card's reply when somebody else's software began to load money: shown, never used.
///
/// | offset | size | field, big-endian |
/// |---|---|---|
/// | 0 | 4 | balance, 0.01 CNY |
/// | 4 | 2 | load counter |
/// | 6 | 1 | key version |
/// | 7 | 1 | algorithm |
/// | 8 | 4 | random number |
/// | 12 | 4 | MAC 1 |
public struct LoadInitialization: Hashable, Sendable {
    /// The reply's length in bytes.
    public static let size = 16

    /// Money before loading.
    public let balance: CardBalance
    /// How often the card was loaded.
    public let counter: UInt16
    /// Version of the key.
    public let keyVersion: UInt8
    /// Algorithm of the key.
    public let algorithm: UInt8
    /// The card's random number.
    public let random: UInt32
    /// The card's code over all of this.
    public let mac1: UInt32

    /// Reads a card's reply.
    ///
    /// - Throws: `MalformedValue` for fewer than 16 bytes.
    public init(_ reply: Span<UInt8>) throws(MalformedValue) {
        balance = try CardBalance(reply)
        var cursor = ByteCursor(at: 4)
        counter = UInt16(truncatingIfNeeded: try cursor.big(reply, 2, "load counter"))
        keyVersion = try cursor.uint8(reply, "key version")
        algorithm = try cursor.uint8(reply, "algorithm")
        random = UInt32(truncatingIfNeeded: try cursor.big(reply, 4, "random number"))
        mac1 = UInt32(truncatingIfNeeded: try cursor.big(reply, 4, "MAC 1"))
    }
}
