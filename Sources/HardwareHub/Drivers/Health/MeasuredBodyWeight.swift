extension Measurement {
    /// A weight (2A9D), as the Weight Scale Service 1.0 has it.
    ///
    /// | value | unit | LOINC |
    /// |---|---|---|
    /// | `body-weight` | `kg` or `[lb_av]` | 29463-7 |
    /// | `body-mass-index` | `kg/m2` | 39156-5 |
    /// | `body-height` | `m` or `[in_i]` | 8302-2 |
    ///
    /// A weight of ffff is absent, `unsuccessful`. Detail: `user`.
    ///
    /// - Parameters:
    ///   - weight: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ weight: BodyWeight, raw: RawValue) {
        self.init(.bodyWeight)
        if let mass = weight.weight {
            add("body-weight", mass, weight.unit.ucumOfMass, code: "29463-7")
        } else {
            absent.append(AbsentValue(name: "body-weight", reason: .unsuccessful))
        }
        add("body-mass-index", weight.bodyMassIndex, "kg/m2", code: "39156-5")
        add("body-height", weight.height, weight.unit.ucumOfLength, code: "8302-2")
        add(time: weight.time)
        add(user: weight.user)
        add(unknownFlags: weight.unknownFlags)
        self.raw = [raw]
    }
}

extension MassUnit {
    /// The unit of masses in UCUM.
    var ucumOfMass: String { self == .kilograms ? "kg" : "[lb_av]" }
    /// The unit of heights in UCUM.
    var ucumOfLength: String { self == .kilograms ? "m" : "[in_i]" }
}
