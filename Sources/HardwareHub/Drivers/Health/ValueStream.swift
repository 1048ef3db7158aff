internal import BeaconScanner

/// Thins a stream of values out: a heart rate comes once a second for hours, and an event for each
/// would fill the store with what nobody looks at.
///
/// The first value is kept at once, and then one in 10 s: the last of its window, with the lowest and
/// the highest of each of its numbers in the window and how many values there were
/// (`lowest-heart-rate`, `highest-heart-rate`, `samples`). 8,640 events a day at most, and a figure
/// on a wall is never older than a breath or two.
struct ValueStream: Hashable, Sendable {
    /// The window, in nanoseconds.
    static let window: Int64 = 10_000_000_000

    private var held: Measurement?
    private var extremes: [String: Range] = [:]
    private var samples = 0
    /// When the window is over; nil before the first value and after an empty window.
    private(set) var deadline: BootTime?

    private struct Range: Hashable, Sendable {
        var lowest: Decimal10
        var highest: Decimal10
    }

    /// Takes a value.
    ///
    /// - Returns: what is to be kept now.
    mutating func take(_ measurement: Measurement, at now: BootTime) -> Measurement? {
        held = measurement
        samples &+= 1
        for value in measurement.values {
            var range =
                extremes[value.name] ?? Range(lowest: value.value, highest: value.value)
            if value.value.double < range.lowest.double { range.lowest = value.value }
            if value.value.double > range.highest.double { range.highest = value.value }
            extremes[value.name] = range
        }
        if let deadline, now < deadline { return nil }
        return close(at: now)
    }

    /// What is to be kept because the window is over.
    mutating func due(at now: BootTime) -> Measurement? {
        guard let deadline, now >= deadline else { return nil }
        return close(at: now)
    }

    /// What is to be kept because the stream ends.
    mutating func end() -> Measurement? {
        defer { self = ValueStream() }
        return summary
    }

    /// Forgets the window: something better has come.
    mutating func drop() { self = ValueStream() }

    private mutating func close(at now: BootTime) -> Measurement? {
        let result = summary
        self = ValueStream()
        if result != nil { deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.window) }
        return result
    }

    private var summary: Measurement? {
        guard var measurement = held else { return nil }
        guard samples > 1 else { return measurement }
        for value in measurement.values {
            guard let range = extremes[value.name] else { continue }
            measurement.details.append(
                MeasurementDetail("lowest-\(value.name)", range.lowest, unit: value.unit))
            measurement.details.append(
                MeasurementDetail("highest-\(value.name)", range.highest, unit: value.unit))
        }
        measurement.details.append(
            MeasurementDetail("samples", Decimal10(mantissa: Int64(samples))))
        return measurement
    }
}
