/// A number of a medical device (IEEE 11073-20601, SFLOAT-Type and FLOAT-Type).
///
/// | type | bits | mantissa | exponent | NaN | NRes | +INF | −INF | reserved |
/// |---|---|---|---|---|---|---|---|---|
/// | SFLOAT | 16 | low 12 | high 4 | 07ff | 0800 | 07fe | 0802 | 0801 |
/// | FLOAT | 32 | low 24 | high 8 | 007fffff | 00800000 | 007ffffe | 00800002 | 00800001 |
///
/// Mantissa and exponent are both two's complement; the value is mantissa × 10^exponent. A special
/// value is exactly one code of the whole register: the same mantissa with another exponent is an
/// ordinary number.
public enum MedicalFloat: Hashable, Sendable {
    /// A measured number.
    case finite(Decimal10)
    /// Not a number: the device has no value to report.
    case notANumber
    /// Not at this resolution: the value does not fit the type.
    case notAtThisResolution
    /// Above what the device can report.
    case positiveInfinity
    /// Below what the device can report.
    case negativeInfinity
    /// The one code that the standard keeps for later.
    case reserved

    /// Reads a 16-bit register value.
    public init(sfloat register: UInt16) {
        switch register {
        case 0x07ff: self = .notANumber
        case 0x0800: self = .notAtThisResolution
        case 0x07fe: self = .positiveInfinity
        case 0x0802: self = .negativeInfinity
        case 0x0801: self = .reserved
        default:
            let bits = Int16(bitPattern: register)
            // Shifting left and back arithmetically spreads the sign of the 12-bit mantissa.
            self = .finite(Decimal10(mantissa: Int64((bits << 4) >> 4), exponent: bits >> 12))
        }
    }

    /// Reads a 32-bit register value.
    public init(float register: UInt32) {
        switch register {
        case 0x007f_ffff: self = .notANumber
        case 0x0080_0000: self = .notAtThisResolution
        case 0x007f_fffe: self = .positiveInfinity
        case 0x0080_0002: self = .negativeInfinity
        case 0x0080_0001: self = .reserved
        default:
            let bits = Int32(bitPattern: register)
            self = .finite(
                Decimal10(
                    mantissa: Int64((bits << 8) >> 8),
                    exponent: Int16(truncatingIfNeeded: bits >> 24)))
        }
    }

    /// The measured number; nil for the special values.
    public var decimal: Decimal10? {
        guard case .finite(let decimal) = self else { return nil }
        return decimal
    }

    /// The number times 10^places; special values stay what they are.
    public func scaled(byPowerOfTen places: Int16) -> MedicalFloat {
        guard case .finite(let decimal) = self else { return self }
        return .finite(decimal.scaled(byPowerOfTen: places))
    }
}

extension MedicalFloat: CustomStringConvertible {
    /// The number's text, or `NaN`, `NRes`, `+INF`, `-INF`, `RFU`.
    public var description: String {
        switch self {
        case .finite(let decimal): decimal.text
        case .notANumber: "NaN"
        case .notAtThisResolution: "NRes"
        case .positiveInfinity: "+INF"
        case .negativeInfinity: "-INF"
        case .reserved: "RFU"
        }
    }
}
