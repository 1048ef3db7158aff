/// The value of a health characteristic as a measurement.
enum HealthReading {
    /// Reads a value.
    ///
    /// - Returns: nil for a characteristic that carries no measurement.
    /// - Throws: `MalformedValue` naming the first field that is not there.
    static func measurement(
        _ characteristic: GATTUUID, _ bytes: [UInt8]
    ) throws(MalformedValue) -> Measurement? {
        let raw = RawValue(characteristic, bytes)
        return switch characteristic.short {
        case 0x2a18: Measurement(try Glucose(bytes.span), raw: raw)
        case 0x2a1c: Measurement(try BodyTemperature(bytes.span), raw: raw)
        case 0x2a1e:
            Measurement(try BodyTemperature(bytes.span), isProvisional: true, raw: raw)
        case 0x2a35: Measurement(try BloodPressure(bytes.span), raw: raw)
        case 0x2a36: Measurement(cuff: try BloodPressure(bytes.span), raw: raw)
        case 0x2a37: Measurement(try HeartRate(bytes.span), raw: raw)
        case 0x2a53: Measurement(try RunningSpeed(bytes.span), raw: raw)
        case 0x2a5e: Measurement(try PulseOximetry(bytes.span), raw: raw)
        case 0x2a5f: Measurement(try ContinuousPulseOximetry(bytes.span), raw: raw)
        case 0x2a9c: Measurement(try BodyComposition(bytes.span), raw: raw)
        case 0x2a9d: Measurement(try BodyWeight(bytes.span), raw: raw)
        default: nil
        }
    }
}
