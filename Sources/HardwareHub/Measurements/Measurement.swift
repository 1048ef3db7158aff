/// What a device measured, in one model for all makers.
///
/// Nothing is guessed: what a device says it could not measure is an `AbsentValue` and not a zero, a
/// date without a year is not a date, and the maker's bytes are kept beside what was read from them.
public struct Measurement: Hashable, Sendable {
    /// What was measured.
    public var kind: MeasurementKind
    /// What came out, the main value first.
    public var values: [MeasuredValue]
    /// What the device has a place for and no value, and why.
    public var absent: [AbsentValue] = []
    /// What the device noticed about the measurement, each as `irregular-pulse`.
    public var status: [String] = []
    /// How and on whom it was measured: `site`, `user`, `meal`.
    public var details: [MeasurementDetail] = []
    /// When it was measured, by the device's own clock, in a time zone that nobody states; nil when
    /// the device sends none.
    public var deviceTime: DateTime?
    /// Whether the device says that its clock is not set, so that `deviceTime` means nothing.
    public var isClockUnset = false
    /// What the device's clock is ahead of the hub's, in seconds; nil when they were not compared.
    public var clockOffset: Int64?
    /// The device's own number of the measurement; nil when it does not number them.
    public var sequence: UInt32?
    /// For a count that grows during the day: the hub's day that it belongs to, as `2026-11-24`. A
    /// later measurement of the same device, kind and day takes the place of an earlier one.
    public var day: String?
    /// Whether it comes from the device's memory and not from this moment.
    public var isFromMemory = false
    /// Whether it was sent while the device was still measuring.
    public var isProvisional = false
    /// The maker's bytes.
    public var raw: [RawValue] = []

    /// Makes a measurement.
    public init(_ kind: MeasurementKind, _ values: [MeasuredValue] = []) {
        self.kind = kind
        self.values = values
    }

    /// Adds a value, or that there is none and why.
    ///
    /// - Parameters:
    ///   - name: as in `MeasuredValue`.
    ///   - number: what was measured; nil adds nothing.
    ///   - unit: UCUM.
    ///   - code: LOINC.
    public mutating func add(
        _ name: String, _ number: MedicalFloat?, _ unit: String, code: String? = nil
    ) {
        switch number {
        case nil: break
        case .finite(let decimal): values.append(MeasuredValue(name, decimal, unit, code: code))
        case .notANumber: absent.append(AbsentValue(name: name, reason: .notANumber))
        case .notAtThisResolution:
            absent.append(AbsentValue(name: name, reason: .notAtThisResolution))
        case .positiveInfinity: absent.append(AbsentValue(name: name, reason: .aboveRange))
        case .negativeInfinity: absent.append(AbsentValue(name: name, reason: .belowRange))
        case .reserved: absent.append(AbsentValue(name: name, reason: .reserved))
        }
    }
}

/// What can be measured: the noun that an event carries as `kind`.
public enum MeasurementKind: String, Hashable, Sendable, CaseIterable {
    /// Systolic, diastolic and mean pressure of the blood.
    case bloodPressure = "blood-pressure"
    /// Weight of the body.
    case bodyWeight = "body-weight"
    /// Fat, muscle and water of the body.
    case bodyComposition = "body-composition"
    /// Glucose in the blood.
    case glucose
    /// Temperature of the body.
    case bodyTemperature = "body-temperature"
    /// Oxygen saturation of the blood.
    case oxygenSaturation = "oxygen-saturation"
    /// Beats of the heart.
    case heartRate = "heart-rate"
    /// Speed and cadence of a runner.
    case running
    /// Steps of a day.
    case steps
}

/// One value of a measurement.
public struct MeasuredValue: Hashable, Sendable {
    /// What it is: `systolic`.
    public var name: String
    /// How much, with the places it was measured with.
    public var value: Decimal10
    /// In what: a unit of UCUM, `mm[Hg]`.
    public var unit: String
    /// What it is, as a code of LOINC, where there is one.
    public var code: String?

    /// Makes a value.
    public init(_ name: String, _ value: Decimal10, _ unit: String, code: String? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.code = code
    }
}

/// A value that the device announces and does not have.
public struct AbsentValue: Hashable, Sendable {
    /// Why there is none: the special values of IEEE 11073-20601, and what profiles add.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// NaN: there is nothing to report.
        case notANumber = "not-a-number"
        /// NRes: it does not fit the number's resolution.
        case notAtThisResolution = "not-at-this-resolution"
        /// +INF, or the device's status: more than it can measure.
        case aboveRange = "above-range"
        /// −INF, or the device's status: less than it can measure.
        case belowRange = "below-range"
        /// The code that the standard keeps for later.
        case reserved
        /// The device says that measuring did not succeed.
        case unsuccessful
    }

    /// What it would be: `diastolic`.
    public var name: String
    /// Why there is none.
    public var reason: Reason

    /// Makes an absent value.
    public init(name: String, reason: Reason) {
        self.name = name
        self.reason = reason
    }
}

/// How a measurement was made: a name, and a word or a number.
public struct MeasurementDetail: Hashable, Sendable {
    /// A word or a number.
    public enum Content: Hashable, Sendable {
        /// A word of a list: `finger`.
        case word(String)
        /// A number, with its unit where it has one.
        case number(Decimal10, unit: String?)
    }

    /// What it is: `site`.
    public var name: String
    /// A word or a number.
    public var content: Content

    /// Makes a detail that is a word.
    public init(_ name: String, _ word: String) {
        self.name = name
        content = .word(word)
    }

    /// Makes a detail that is a number.
    public init(_ name: String, _ number: Decimal10, unit: String? = nil) {
        self.name = name
        content = .number(number, unit: unit)
    }
}

/// The bytes of a value as the device sent them.
public struct RawValue: Hashable, Sendable {
    /// Which characteristic.
    public var characteristic: GATTUUID
    /// Its bytes.
    public var bytes: [UInt8]

    /// Makes a raw value.
    public init(_ characteristic: GATTUUID, _ bytes: [UInt8]) {
        self.characteristic = characteristic
        self.bytes = bytes
    }
}
