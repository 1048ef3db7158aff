import HardwareHub
import Outbox

/// When a measurement was taken, and whose clock says so.
struct MeasurementTime {
    /// Whose clock it is.
    enum Source: String {
        /// The device's, read in the hub's time zone: devices send none.
        case device
        /// The hub's, at the moment the measurement arrived.
        case hub
    }

    /// How far a device's clock may be ahead before its time is none: nothing is measured in the
    /// future, and clocks that are set by hand are a few minutes off.
    private static let mostAhead: Int64 = 300
    /// 2000-01-01: what devices show whose clock was never set is this day or before.
    private static let earliest: Int64 = 946_684_800

    let rfc3339: String
    let source: Source

    /// Judges the time that a device sent with a measurement.
    ///
    /// - Parameters:
    ///   - measurement: what it sent.
    ///   - now: when it arrived.
    init(of measurement: Measurement, at now: WallClock.Reading) {
        guard let seconds = Self.unixSeconds(of: measurement),
            seconds > Self.earliest + 86_400, seconds <= now.unixSeconds + Self.mostAhead
        else {
            rfc3339 = now.rfc3339
            source = .hub
            return
        }
        let reading = WallClock.Reading(
            unixNanoseconds: seconds * 1_000_000_000,
            utcOffset: WallClock.utcOffset(at: seconds), isSynchronised: now.isSynchronised)
        rfc3339 = reading.rfc3339
        source = .device
    }

    private static func unixSeconds(of measurement: Measurement) -> Int64? {
        guard let time = measurement.deviceTime, !measurement.isClockUnset, time.isComplete,
            time.isValid
        else { return nil }
        let local = time.secondsSince1970
        // The offset of an instant is known, not that of a local time: two steps find it, but for
        // the hour that a change of daylight saving skips or repeats.
        let guess = local - Int64(WallClock.utcOffset(at: local))
        return local - Int64(WallClock.utcOffset(at: guess))
    }
}

extension DateTime {
    /// Seconds since 1970 if the time were UTC; for complete and valid times.
    var secondsSince1970: Int64 {
        // Days from civil (H. Hinnant): years begin in March, so that leap days come last.
        let (year, month) = (Int64(year) - (self.month <= 2 ? 1 : 0), Int64(self.month))
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + Int64(hour) * 3_600 + Int64(minute) * 60 + Int64(second)
    }
}
