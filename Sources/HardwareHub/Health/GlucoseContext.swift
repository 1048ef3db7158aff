/// The circumstances of a glucose measurement (Glucose Measurement Context, 2A34).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 5: medication in liters instead of kilograms | – |
/// | 2 | sequence number of the measurement it belongs to | – |
/// | 1 | extended flags, reserved | 7 |
/// | 1 + 2 | carbohydrate kind, kilograms SFLOAT | 0 |
/// | 1 | meal | 1 |
/// | 1 | low nibble: tester; high nibble: health | 2 |
/// | 2 + 1 | exercise: seconds (ffff = overrun), percent | 3 |
/// | 1 + 2 | medication kind, amount SFLOAT | 4 |
/// | 2 | HbA1c, percent, SFLOAT | 6 |
public struct GlucoseContext: Hashable, Sendable {
    /// Food taken.
    public struct Carbohydrate: Hashable, Sendable {
        /// 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch.
        public let kind: UInt8
        /// Kilograms.
        public let amount: MedicalFloat
    }

    /// Exercise taken.
    public struct Exercise: Hashable, Sendable {
        /// Seconds; 65535 means longer than the field can say.
        public let duration: UInt16
        /// Percent of the most the person can do.
        public let intensity: UInt8
    }

    /// A drug taken.
    public struct Medication: Hashable, Sendable {
        /// What the amount is counted in.
        public enum Unit: Sendable {
            /// Kilograms on the wire.
            case kilograms
            /// Liters on the wire.
            case liters
        }

        /// 1 rapid-acting, 2 short-acting, 3 intermediate-acting, 4 long-acting, 5 premixed
        /// insulin.
        public let kind: UInt8
        /// The amount, in `unit`.
        public let amount: MedicalFloat
        /// What the amount is counted in.
        public let unit: Unit
    }

    /// The sequence number of the measurement it belongs to.
    public let sequence: UInt16
    /// Reserved flags, as they came.
    public let extendedFlags: UInt8?
    /// Food taken.
    public let carbohydrate: Carbohydrate?
    /// 1 before a meal, 2 after a meal, 3 fasting, 4 casual, 5 bedtime.
    public let meal: UInt8?
    /// 1 the person, 2 a health care professional, 3 a laboratory, 15 not available.
    public let tester: UInt8?
    /// 1 minor issues, 2 major issues, 3 during menses, 4 under stress, 5 none, 15 not available.
    public let health: UInt8?
    /// Exercise taken.
    public let exercise: Exercise?
    /// A drug taken.
    public let medication: Medication?
    /// Glycated hemoglobin, percent.
    public let hba1c: MedicalFloat?

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        sequence = try cursor.uint16(value, "sequence number")
        extendedFlags = flags & 128 == 0 ? nil : try cursor.uint8(value, "extended flags")
        carbohydrate =
            flags & 1 == 0
            ? nil
            : Carbohydrate(
                kind: try cursor.uint8(value, "carbohydrate kind"),
                amount: try cursor.sfloat(value, "carbohydrate amount"))
        meal = flags & 2 == 0 ? nil : try cursor.uint8(value, "meal")
        let persons = flags & 4 == 0 ? nil : try cursor.uint8(value, "tester and health")
        tester = persons.map { $0 & 15 }
        health = persons.map { $0 >> 4 }
        exercise =
            flags & 8 == 0
            ? nil
            : Exercise(
                duration: try cursor.uint16(value, "exercise duration"),
                intensity: try cursor.uint8(value, "exercise intensity"))
        medication =
            flags & 16 == 0
            ? nil
            : Medication(
                kind: try cursor.uint8(value, "medication kind"),
                amount: try cursor.sfloat(value, "medication amount"),
                unit: flags & 32 == 0 ? .kilograms : .liters)
        hba1c = flags & 64 == 0 ? nil : try cursor.sfloat(value, "HbA1c")
    }
}
