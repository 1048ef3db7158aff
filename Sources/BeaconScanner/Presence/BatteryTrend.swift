/// A battery as its beacon tells of it.
///
/// Units: millivolts and per cent. Voltage comes from Eddystone TLM or a maker's frame; anyone
/// can send one from the beacon's address, so a single reading moves the figure by an eighth.
struct BatteryTrend: Sendable {
    /// A reading so far above the smoothed voltage is a new battery, in mV: no recovery after a
    /// cold night or a rest is that large.
    private static let replaced: Float = 200
    /// Readings until the smoothed voltage may serve as a fixed point.
    private static let readingsToSettle: UInt8 = 8
    /// The slope is taken over one to two of these spans, so that it is the recent one.
    private static let span = 14 * day
    /// No forecast from less: a day and a night differ by more than a week's discharge.
    private static let shortest = 3 * day
    /// No forecast from a smaller drop, in mV: twice what beacons resolve.
    private static let smallestDrop: Float = 20
    private static let day = 86_400 * PresenceRules.second

    private struct Point {
        var time: Int64
        var millivolts: Float
    }

    /// The smoothed voltage; 0 before the first reading.
    private(set) var millivolts: Float = 0
    /// The charge told last; nil when none was.
    private(set) var percent: UInt8?
    private var readings: UInt8 = 0
    private var older = Point(time: 0, millivolts: 0)
    private var newer = Point(time: 0, millivolts: 0)

    /// Takes a reading at an observed time.
    mutating func observe(_ reading: BatteryReading, at now: Int64) {
        if let percent = reading.percent, percent <= 100 { self.percent = percent }
        guard let voltage = reading.millivolts, voltage > 0 else { return }
        let value = Float(voltage)
        if readings == 0 || value > millivolts + Self.replaced {
            millivolts = value
            readings = 1
            return
        }
        millivolts += (value - millivolts) / 8
        if readings < Self.readingsToSettle {
            readings += 1
            older = Point(time: now, millivolts: millivolts)
            newer = older
        } else if now &- newer.time >= Self.span {
            older = newer
            newer = Point(time: now, millivolts: millivolts)
        }
    }

    /// Days until the voltage reaches `limit` if it goes on falling as it did; nil when too
    /// little is known. Lithium cells fall slowly first and steeply at the end, so this is an
    /// upper bound: "at most".
    func daysLeft(until limit: Float, at now: Int64) -> Double? {
        let drop = older.millivolts - millivolts
        guard readings >= Self.readingsToSettle, now &- older.time >= Self.shortest,
            drop >= Self.smallestDrop
        else { return nil }
        let days = Double(now &- older.time) / Double(Self.day)
        return max(0, Double(millivolts - limit) / Double(drop) * days)
    }

    /// Whether the battery is low. It stays low until it is 100 mV or 5 % better: voltage follows
    /// the temperature by about 2 mV a degree, which alone must not raise an alarm each night.
    func isLow(_ rules: PresenceRules, was: Bool) -> Bool {
        let millivoltLimit = rules.lowBatteryMillivolts + (was ? 100 : 0)
        if millivolts > 0, millivolts < millivoltLimit { return true }
        guard let percent else { return false }
        return Int(percent) < Int(rules.lowBatteryPercent) + (was ? 5 : 0)
    }
}
