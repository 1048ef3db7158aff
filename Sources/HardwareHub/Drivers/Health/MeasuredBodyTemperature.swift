extension Measurement {
    /// A temperature (2A1C, or 2A1E while the device still measures), as the Health Thermometer
    /// Service 1.0 has it: `body-temperature` in `Cel` or `[degF]`, LOINC 8310-5.
    ///
    /// Detail: `site`, one of `armpit`, `body`, `ear`, `finger`, `gastrointestinal-tract`, `mouth`,
    /// `rectum`, `toe`, `eardrum`, or a number that has no word.
    ///
    /// - Parameters:
    ///   - temperature: what was read.
    ///   - site: where the device measures (2A1D), for a value that does not say it.
    ///   - isProvisional: whether the device still measures.
    ///   - raw: the bytes that it was read from.
    public init(
        _ temperature: BodyTemperature, site: TemperatureSite? = nil, isProvisional: Bool = false,
        raw: RawValue
    ) {
        self.init(.bodyTemperature)
        self.isProvisional = isProvisional
        add(
            "body-temperature", temperature.temperature,
            temperature.unit == .celsius ? "Cel" : "[degF]", code: "8310-5")
        add(time: temperature.time)
        if let site = temperature.site ?? site { add(site: site) }
        add(unknownFlags: temperature.unknownFlags)
        self.raw = [raw]
    }

    /// Adds where on the body was measured, unless it is known already.
    mutating func add(site: TemperatureSite) {
        if details.contains(where: { $0.name == "site" }) { return }
        add(
            detail: "site", site.rawValue,
            [
                "armpit", "body", "ear", "finger", "gastrointestinal-tract", "mouth", "rectum",
                "toe", "eardrum",
            ])
    }
}
