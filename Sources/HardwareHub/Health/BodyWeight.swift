/// A body weight (Weight Measurement, 2A9D).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 0: pounds and inches instead of kilograms and meters | – |
/// | 2 | weight, 0.005 kg or 0.01 lb; ffff = measurement unsuccessful | – |
/// | 7 | date and time | 1 |
/// | 1 | user, ff = unknown | 2 |
/// | 2 | body mass index, 0.1 kg/m² | 3 |
/// | 2 | height, 0.001 m or 0.1 in | 3 |
///
/// The two weight steps differ (5 g and 0.01 lb), not only the unit.
public struct BodyWeight: Hashable, Sendable {
    /// What the weight is counted in.
    public let unit: MassUnit
    /// The weight in `unit`; nil when the measurement was unsuccessful.
    public let weight: Decimal10?
    /// When it was measured, by the device's clock.
    public let time: DateTime?
    /// Which of the device's users; 255 when the device does not know.
    public let user: UInt8?
    /// Body mass index, kg/m².
    public let bodyMassIndex: Decimal10?
    /// Height: meters when `unit` is kilograms, inches when it is pounds.
    public let height: Decimal10?
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        unit = flags & 1 == 0 ? .kilograms : .pounds
        let raw = try cursor.uint16(value, "weight")
        weight = raw == 0xffff ? nil : unit.mass(raw)
        time = flags & 2 == 0 ? nil : try cursor.dateTime(value, "time")
        user = flags & 4 == 0 ? nil : try cursor.uint8(value, "user")
        if flags & 8 == 0 {
            bodyMassIndex = nil
            height = nil
        } else {
            let index = try cursor.uint16(value, "body mass index")
            bodyMassIndex = Decimal10(mantissa: Int64(index), exponent: -1)
            height = unit.height(try cursor.uint16(value, "height"))
        }
        unknownFlags = flags & 0b1111_0000
    }
}

/// The measurement system of a scale, with the steps its fields count in.
public enum MassUnit: Sendable {
    /// Kilograms in steps of 0.005, UCUM `kg`; heights in steps of 0.001 m.
    case kilograms
    /// Pounds in steps of 0.01, UCUM `[lb_av]`; heights in steps of 0.1 in.
    case pounds

    /// A mass field as kilograms or pounds.
    func mass(_ raw: UInt16) -> Decimal10 {
        switch self {
        case .kilograms: Decimal10(mantissa: Int64(raw) * 5, exponent: -3)
        case .pounds: Decimal10(mantissa: Int64(raw), exponent: -2)
        }
    }

    /// A height field as meters or inches.
    func height(_ raw: UInt16) -> Decimal10 {
        Decimal10(mantissa: Int64(raw), exponent: self == .kilograms ? -3 : -1)
    }
}

/// What a scale can measure, and how finely (Weight Scale Feature, 2A9E): 32 bits, little-endian.
///
/// | bits | meaning |
/// |---|---|
/// | 0, 1, 2 | has a clock, several users, body mass index |
/// | 3–6 | weight resolution: 0 unspecified, 1 to 7 from 0.5 kg (1 lb) to 0.005 kg (0.01 lb) |
/// | 7–9 | height resolution: 0 unspecified, 1 to 3 from 0.01 m (1 in) to 0.001 m (0.1 in) |
public struct WeightScaleFeature: Hashable, Sendable {
    /// The 32 bits of the value.
    public let rawValue: UInt32

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than four bytes.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        rawValue = try cursor.uint32(value, "features")
    }

    /// Whether measurements carry the time.
    public var hasTime: Bool { rawValue & 1 != 0 }
    /// Whether the scale tells its users apart.
    public var hasUsers: Bool { rawValue & 2 != 0 }
    /// Whether measurements carry the body mass index.
    public var hasBodyMassIndex: Bool { rawValue & 4 != 0 }

    /// The finest step of a weight in kilograms; nil when unspecified or reserved.
    public var weightResolution: Decimal10? {
        switch rawValue >> 3 & 15 {
        case 1: Decimal10(mantissa: 5, exponent: -1)
        case 2: Decimal10(mantissa: 2, exponent: -1)
        case 3: Decimal10(mantissa: 1, exponent: -1)
        case 4: Decimal10(mantissa: 5, exponent: -2)
        case 5: Decimal10(mantissa: 2, exponent: -2)
        case 6: Decimal10(mantissa: 1, exponent: -2)
        case 7: Decimal10(mantissa: 5, exponent: -3)
        default: nil
        }
    }
}
