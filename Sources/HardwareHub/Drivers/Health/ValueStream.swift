internal import BeaconScanner

/// Thins a stream of values out: a heart rate comes once a second for hours, and an event for each
/// would fill the store with what nobody looks at.
///
/// The first value is kept at once, and then one in 10 s: the last of its window, with the lowest and
/// the highest of each of its numbers in the window and how many values there were
/// (`lowest-heart-rate`, `highest-heart-rate`, `samples`). 8,640 events a day, and a figure on a wall
/// is never older than a breath or two.
///
/// Only values are put together of which the device says the same: one that it calls questionable, or
/// has no number for, is not the lowest of those that it stands by, and hides none of them. A window
/// yields one for each such kind, of up to four; a fifth takes the place of the one heard longest ago.
struct ValueStream: Hashable, Sendable {
    /// The window, in nanoseconds.
    static let window: Int64 = 10_000_000_000
    /// Most kinds of values in a window.
    static let mostKinds = 4

    /// The kinds of the window, the one heard last at the end.
    private var kinds: [Kind] = []
    /// When the window is over; nil before the first value and after an empty window.
    private(set) var deadline: BootTime?

    /// Takes a value.
    ///
    /// - Returns: what is to be kept now.
    mutating func take(_ measurement: Measurement, at now: BootTime) -> [Measurement] {
        let index = kinds.firstIndex { $0.isLike(measurement) }
        var kind = index.map { kinds.remove(at: $0) } ?? Kind(measurement)
        kind.take(measurement)
        if kinds.count >= Self.mostKinds { kinds.removeFirst() }
        kinds.append(kind)
        if let deadline, now < deadline { return [] }
        return close(at: now)
    }

    /// What is to be kept because the window is over.
    mutating func due(at now: BootTime) -> [Measurement] {
        guard let deadline, now >= deadline else { return [] }
        return close(at: now)
    }

    /// What is to be kept because the stream ends.
    mutating func end() -> [Measurement] {
        defer { self = ValueStream() }
        return kinds.map(\.summary)
    }

    /// Forgets the window: something better has come.
    mutating func drop() { self = ValueStream() }

    private mutating func close(at now: BootTime) -> [Measurement] {
        let result = end()
        if !result.isEmpty { deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.window) }
        return result
    }
}

extension ValueStream {
    /// Values of which the device says the same.
    private struct Kind: Hashable, Sendable {
        private struct Range: Hashable, Sendable {
            var lowest: Decimal10
            var highest: Decimal10
        }

        private var last: Measurement
        private var extremes: [String: Range] = [:]
        private var samples = 0

        init(_ first: Measurement) { last = first }

        func isLike(_ other: Measurement) -> Bool {
            last.status == other.status && last.absent == other.absent
        }

        mutating func take(_ measurement: Measurement) {
            last = measurement
            samples &+= 1
            for value in measurement.values {
                var range =
                    extremes[value.name] ?? Range(lowest: value.value, highest: value.value)
                if value.value.double < range.lowest.double { range.lowest = value.value }
                if value.value.double > range.highest.double { range.highest = value.value }
                extremes[value.name] = range
            }
        }

        /// The last of them, with the extremes of all.
        var summary: Measurement {
            guard samples > 1 else { return last }
            var measurement = last
            for value in last.values {
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
}
