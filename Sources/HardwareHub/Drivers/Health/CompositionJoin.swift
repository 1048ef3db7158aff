internal import BeaconScanner

/// Puts a body composition together that came in two values (bit 12 of 2A9C).
///
/// A value that announces another one waits for it. The next value is the rest unless it says of
/// itself that it is not: it repeats a field (other than the fat, which each has), or names another
/// time or person. A rest that does not come within 5 s, several times what two indications take, is
/// missed: what is there is kept with the status `incomplete`.
struct CompositionJoin: Hashable, Sendable {
    /// How long a rest is waited for, in nanoseconds.
    static let patience: Int64 = 5_000_000_000

    private var held: Measurement?
    /// When the rest is missed; nil when none is waited for.
    private(set) var deadline: BootTime?

    /// Takes a value.
    ///
    /// - Returns: what is whole, or is missing its rest for good.
    /// - Throws: `MalformedValue` naming the first field that is not there.
    mutating func take(_ bytes: [UInt8], at now: BootTime) throws(MalformedValue) -> [Measurement] {
        let value = try BodyComposition(bytes.span)
        let measurement = Measurement(value, raw: RawValue(0x2a9c, bytes))
        var whole: [Measurement] = []
        if let first = held {
            if let joined = Self.join(first, measurement) {
                _ = end()
                return [joined]
            }
            whole += end()
        }
        guard value.continues else { return whole + [measurement] }
        held = measurement
        deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.patience)
        return whole
    }

    /// What is missing its rest because the time is over.
    mutating func due(at now: BootTime) -> [Measurement] {
        guard let deadline, now >= deadline else { return [] }
        return end()
    }

    /// What is missing its rest because nothing follows.
    mutating func end() -> [Measurement] {
        guard var measurement = held else { return [] }
        held = nil
        deadline = nil
        measurement.status.append("incomplete")
        return [measurement]
    }

    private static func join(_ first: Measurement, _ second: Measurement) -> Measurement? {
        var joined = first
        for value in second.values where value.name != "body-fat" {
            guard !first.values.contains(where: { $0.name == value.name }) else { return nil }
            joined.values.append(value)
        }
        if let fat = second.values.first, fat.name == "body-fat",
            first.absent.contains(where: { $0.name == "body-fat" })
        {
            joined.absent = []
            joined.values.insert(fat, at: 0)
        }
        if let time = second.deviceTime {
            guard first.deviceTime == nil || first.deviceTime == time else { return nil }
            joined.deviceTime = time
        }
        for detail in second.details {
            let same = first.details.first { $0.name == detail.name }
            guard same == nil || same == detail else { return nil }
            if same == nil { joined.details.append(detail) }
        }
        for word in second.status where !joined.status.contains(word) { joined.status.append(word) }
        joined.raw += second.raw
        return joined
    }
}
