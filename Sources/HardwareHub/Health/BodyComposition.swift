/// What a body is made of (Body Composition Measurement, 2A9C).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 2 | flags; bit 0: pounds and inches; bit 12: the rest comes in a second value | – |
/// | 2 | body fat, 0.1 %; ffff = measurement unsuccessful | – |
/// | 7 | date and time | 1 |
/// | 1 | user, ff = unknown | 2 |
/// | 2 | basal metabolism, kJ | 3 |
/// | 2 | muscle, 0.1 % | 4 |
/// | 2 | muscle mass | 5 |
/// | 2 | fat-free mass | 6 |
/// | 2 | soft lean mass | 7 |
/// | 2 | body water mass | 8 |
/// | 2 | impedance, 0.1 Ω | 9 |
/// | 2 | weight | 10 |
/// | 2 | height, 0.001 m or 0.1 in | 11 |
///
/// Masses count in 0.005 kg or 0.01 lb.
public struct BodyComposition: Hashable, Sendable {
    /// What masses are counted in.
    public let unit: MassUnit
    /// Body fat in percent; nil when the measurement was unsuccessful.
    public let fat: Decimal10?
    /// When it was measured, by the device's clock.
    public let time: DateTime?
    /// Which of the device's users; 255 when the device does not know.
    public let user: UInt8?
    /// Basal metabolism in kilojoules.
    public let basalMetabolism: UInt16?
    /// Muscle in percent.
    public let muscle: Decimal10?
    /// Muscle mass in `unit`.
    public let muscleMass: Decimal10?
    /// Fat-free mass in `unit`.
    public let fatFreeMass: Decimal10?
    /// Soft lean mass in `unit`.
    public let softLeanMass: Decimal10?
    /// Body water mass in `unit`.
    public let waterMass: Decimal10?
    /// Impedance in ohms.
    public let impedance: Decimal10?
    /// Weight in `unit`.
    public let weight: Decimal10?
    /// Height: meters when `unit` is kilograms, inches when it is pounds.
    public let height: Decimal10?
    /// Whether the rest of this measurement comes in the next value.
    public let continues: Bool
    /// Flags set that this version does not know.
    public let unknownFlags: UInt16

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint16(value, "flags")
        let unit = flags & 1 == 0 ? MassUnit.kilograms : .pounds
        func field(_ bit: UInt16, _ name: String) throws(MalformedValue) -> UInt16? {
            flags & 1 << bit == 0 ? nil : try cursor.uint16(value, name)
        }
        func tenths(_ raw: UInt16) -> Decimal10 { Decimal10(mantissa: Int64(raw), exponent: -1) }
        self.unit = unit
        let fat = try cursor.uint16(value, "body fat")
        self.fat = fat == 0xffff ? nil : tenths(fat)
        time = flags & 2 == 0 ? nil : try cursor.dateTime(value, "time")
        user = flags & 4 == 0 ? nil : try cursor.uint8(value, "user")
        basalMetabolism = try field(3, "basal metabolism")
        muscle = try field(4, "muscle percentage").map(tenths)
        muscleMass = try field(5, "muscle mass").map(unit.mass)
        fatFreeMass = try field(6, "fat-free mass").map(unit.mass)
        softLeanMass = try field(7, "soft lean mass").map(unit.mass)
        waterMass = try field(8, "body water mass").map(unit.mass)
        impedance = try field(9, "impedance").map(tenths)
        weight = try field(10, "weight").map(unit.mass)
        height = try field(11, "height").map(unit.height)
        continues = flags & 1 << 12 != 0
        unknownFlags = flags & 0b1110_0000_0000_0000
    }
}
