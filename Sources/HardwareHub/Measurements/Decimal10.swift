/// An exact decimal number, mantissa × 10^exponent, as an instrument measured it.
///
/// Health devices send decimals. They stay decimal until somebody must compute: 18.9 kPa is
/// 189 × 10⁻¹ here and `18.9` in an event, never 18.899999999999999. The number of decimal places
/// is kept too (37.60 is not written 37.6), but does not count in comparisons: 37.60 == 37.6.
public struct Decimal10: Sendable {
    /// The digits, with their sign.
    public let mantissa: Int64
    /// The power of ten the mantissa is multiplied by.
    public let exponent: Int16

    /// Makes mantissa × 10^exponent.
    public init(mantissa: Int64, exponent: Int16 = 0) {
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// The number times 10^places: exact, the mantissa stays as it is.
    public func scaled(byPowerOfTen places: Int16) -> Decimal10 {
        Decimal10(mantissa: mantissa, exponent: exponent &+ places)
    }

    /// The nearest binary floating-point number; infinite beyond its range.
    public var double: Double {
        // Both factors are exact up to 2⁵³ and 10²², so one operation rounds once (Clinger 1990).
        if mantissa.magnitude <= 1 << 53 {
            switch exponent {
            case 0...22: return Double(mantissa) * Self.power(exponent)
            case -22..<0: return Double(mantissa) / Self.power(0 &- exponent)
            default: break
            }
        }
        return Double(text) ?? .infinity
    }

    private static func power(_ exponent: Int16) -> Double {
        var result = 1.0
        for _ in 0..<exponent { result *= 10 }
        return result
    }

    /// The number without trailing zeros in the mantissa; zero is 0 × 10⁰.
    private var normalized: Decimal10 {
        guard mantissa != 0 else { return Decimal10(mantissa: 0) }
        var digits = mantissa
        var places = exponent
        while digits % 10 == 0 {
            digits /= 10
            places &+= 1
        }
        return Decimal10(mantissa: digits, exponent: places)
    }
}

extension Decimal10: Hashable {
    /// Whether two numbers are the same number, however many places they are written with.
    public static func == (left: Decimal10, right: Decimal10) -> Bool {
        let (left, right) = (left.normalized, right.normalized)
        return left.mantissa == right.mantissa && left.exponent == right.exponent
    }

    /// Hashes the number, so that equal ones hash alike.
    public func hash(into hasher: inout Hasher) {
        let number = normalized
        hasher.combine(number.mantissa)
        hasher.combine(number.exponent)
    }
}

extension Decimal10: CustomStringConvertible {
    /// The number as JSON writes numbers, with the places it was measured with.
    ///
    /// Plain digits up to 24 zeros beyond the mantissa, `8388605e127` from there.
    public var text: String {
        let digits = String(mantissa.magnitude)
        let sign = mantissa < 0 ? "-" : ""
        switch exponent {
        case 0: return sign + digits
        case 1...24:
            let zeros = mantissa == 0 ? "" : String(repeating: "0", count: Int(exponent))
            return sign + digits + zeros
        case -24..<0:
            let places = Int(0 &- exponent)
            let missing = places &+ 1 &- digits.utf8.count
            let padded = String(repeating: "0", count: missing > 0 ? missing : 0) + digits
            return sign + padded.dropLast(places) + "." + padded.suffix(places)
        default: return "\(sign)\(digits)e\(exponent)"
        }
    }

    /// Same as `text`.
    public var description: String { text }
}
