/// A body temperature (Temperature Measurement, 2A1C; Intermediate Temperature, 2A1E).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bit 0: °F instead of °C | – |
/// | 4 | temperature, FLOAT | – |
/// | 7 | date and time | 1 |
/// | 1 | type: where on the body | 2 |
public struct BodyTemperature: Hashable, Sendable {
    /// What the temperature is counted in.
    public enum Unit: Sendable {
        /// Degrees Celsius, UCUM `Cel`.
        case celsius
        /// Degrees Fahrenheit, UCUM `[degF]`.
        case fahrenheit
    }

    /// What the temperature is counted in.
    public let unit: Unit
    /// The temperature.
    public let temperature: MedicalFloat
    /// When it was measured, by the device's clock.
    public let time: DateTime?
    /// Where on the body it was measured.
    public let site: TemperatureSite?
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8

    /// Reads the value of the characteristic; bytes behind the last announced field are ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        unit = flags & 1 == 0 ? .celsius : .fahrenheit
        temperature = try cursor.float(value, "temperature")
        time = flags & 2 == 0 ? nil : try cursor.dateTime(value, "time")
        site =
            flags & 4 == 0
            ? nil : TemperatureSite(rawValue: try cursor.uint8(value, "temperature type"))
        unknownFlags = flags & 0b1111_1000
    }
}

/// Where on the body a temperature is measured (Temperature Type, 2A1D): one byte.
public struct TemperatureSite: RawRepresentable, Hashable, Sendable {
    /// The number of the site; those not named are reserved.
    public let rawValue: UInt8

    /// Makes a site from its number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads the value of the Temperature Type characteristic.
    ///
    /// - Throws: `MalformedValue` for an empty value.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        rawValue = try cursor.uint8(value, "temperature type")
    }

    /// The site in a word; nil for a reserved number.
    public var name: String? {
        switch rawValue {
        case 1: "armpit"
        case 2: "body"
        case 3: "ear"
        case 4: "finger"
        case 5: "gastrointestinal tract"
        case 6: "mouth"
        case 7: "rectum"
        case 8: "toe"
        case 9: "eardrum"
        default: nil
        }
    }
}
