extension Measurement {
    /// A body composition (2A9C), as the Body Composition Service 1.0 has it.
    ///
    /// | value | unit | LOINC |
    /// |---|---|---|
    /// | `body-fat` | `%` | 41982-0 |
    /// | `basal-metabolism` | `kJ` | – |
    /// | `muscle-percentage` | `%` | – |
    /// | `muscle-mass`, `fat-free-mass`, `soft-lean-mass`, `body-water-mass` | `kg` or `[lb_av]` | – |
    /// | `impedance` | `Ohm` | – |
    /// | `body-weight` | `kg` or `[lb_av]` | 29463-7 |
    /// | `body-height` | `m` or `[in_i]` | 8302-2 |
    ///
    /// A fat of ffff is absent, `unsuccessful`. Detail: `user`.
    ///
    /// - Parameters:
    ///   - composition: what was read.
    ///   - raw: the bytes that it was read from.
    public init(_ composition: BodyComposition, raw: RawValue) {
        self.init(.bodyComposition)
        let mass = composition.unit.ucumOfMass
        if let fat = composition.fat {
            add("body-fat", fat, "%", code: "41982-0")
        } else {
            absent.append(AbsentValue(name: "body-fat", reason: .unsuccessful))
        }
        let basal = composition.basalMetabolism.map { Decimal10(mantissa: Int64($0)) }
        add("basal-metabolism", basal, "kJ")
        add("muscle-percentage", composition.muscle, "%")
        add("muscle-mass", composition.muscleMass, mass)
        add("fat-free-mass", composition.fatFreeMass, mass)
        add("soft-lean-mass", composition.softLeanMass, mass)
        add("body-water-mass", composition.waterMass, mass)
        add("impedance", composition.impedance, "Ohm")
        add("body-weight", composition.weight, mass, code: "29463-7")
        add("body-height", composition.height, composition.unit.ucumOfLength, code: "8302-2")
        add(time: composition.time)
        add(user: composition.user)
        add(unknownFlags: composition.unknownFlags)
        self.raw = [raw]
    }
}
