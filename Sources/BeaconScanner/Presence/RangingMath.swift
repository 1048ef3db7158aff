/// The two transcendental functions that ranging needs, in plain arithmetic.
///
/// This module links no C library, and so no libm. Both functions are good to a few units in the
/// last place over the range that ranging uses, far better than any radio, and neither is called
/// per advertisement: distances are worked out when someone asks for them.
enum RangingMath {
    /// ln 2 and log₂ 10 to the nearest `Double`.
    private static let ln2 = 0x1.62e42fefa39efp-1
    private static let log2Of10 = 0x1.a934f0979a371p+1

    /// 10 to the power of `exponent`.
    ///
    /// 10ˣ = 2ᵏ · eʳ, where k is the whole number nearest to x · log₂ 10 and r the rest times
    /// ln 2, so |r| ≤ 0.347. Thirteen terms of e's Taylor series leave 0.347¹⁴ ⁄ 14! < 5·10⁻¹⁸.
    /// Exponents beyond ±300 are clamped and NaN counts as 0: the result is always finite.
    static func powerOfTen(_ exponent: Double) -> Double {
        guard exponent == exponent else { return 1 }
        let scaled = min(max(exponent, -300), 300) * log2Of10
        // Adding and taking away 1.5 · 2⁵² rounds to the nearest whole number (IEEE 754 §4.3.1),
        // as the sum has no bits left behind the point.
        let whole = (scaled + 0x1.8p52) - 0x1.8p52
        let rest = (scaled - whole) * ln2
        var sum = 1.0
        for term in stride(from: 13.0, through: 1.0, by: -1.0) { sum = 1 + sum * rest / term }
        // |whole| ≤ 997, so the biased exponent stays inside 1...2046: a normal number.
        let biased = UInt64(truncatingIfNeeded: 1023 + Int64(whole))
        return sum * Double(bitPattern: biased << 52)
    }

    /// The decimal logarithm of a positive, finite number; 0 for anything else.
    ///
    /// x = 2ᵏ · m with m in [√½, √2); ln m = 2 · artanh s with s = (m − 1) ⁄ (m + 1), |s| < 0.172.
    /// Eleven terms of artanh's series leave 0.172²³ ⁄ 23 < 2·10⁻¹⁹.
    static func log10(_ number: Double) -> Double {
        guard number > 0, number.isFinite else { return 0 }
        var mantissa = number.significand
        var exponent = Double(number.exponent)
        if mantissa > 0x1.6a09e667f3bcdp+0 {
            mantissa /= 2
            exponent += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var sum = 0.0
        for order in stride(from: 21.0, through: 1.0, by: -2.0) { sum = sum * square + 1 / order }
        return (exponent + 2 * ratio * sum / ln2) / log2Of10
    }
}
