/// One beacon's signal strength as one radio hears it, smoothed.
///
/// A one-dimensional Kalman filter on a random walk: between samples the true level wanders with
/// a variance that grows with time, and each sample weighs as much as the level has become
/// uncertain. That makes the gain follow the time between samples by itself, which a moving
/// average with a fixed factor does not: a beacon at 10 Hz is smoothed over twenty samples, one
/// every 10 s is followed almost at once, and both lag by the same two seconds.
/// (R. E. Kalman, 1960; scalar form as in G. Welch and G. Bishop, *An Introduction to the Kalman
/// Filter*, §1, with the process noise proportional to the time step.)
struct SignalTrack: Sendable {
    /// Variance of one reading, dB². Readings of a beacon at rest scatter by about 4 dB, mostly
    /// because its three advertising channels fade differently.
    static let readingVariance: Float = 16
    /// How fast the variance of the level grows, dB² ⁄ s. A walker at 1.4 m/s, 3 m away, changes
    /// the level by 20 ⁄ ln 10 · 1.4 ⁄ 3 ≈ 4 dB a second; with 4 dB²/s the filter's time constant
    /// is √(16 ⁄ 4) = 2 s, and its error on a 10 Hz beacon at rest √(√(4 · 0.1 · 16)) ≈ 1.6 dB.
    static let walkVariance: Float = 4
    /// After long silence nothing is known beyond the range a shop can produce: ±10 dB.
    static let largestVariance: Float = 100
    /// A level is trusted to choose between radios after this many readings.
    static let readingsToTrust: UInt8 = 3

    /// When the radio last heard the beacon, observed time.
    var lastHeard: Int64
    /// The smoothed level in dBm; meaningless without readings.
    private(set) var level: Float = 0
    private var variance: Float = Self.largestVariance
    /// The radio.
    let radio: UInt8
    /// Readings so far, up to 255.
    private(set) var readings: UInt8 = 0

    init(radio: UInt8, at now: Int64) {
        self.radio = radio
        lastHeard = now
    }

    /// The smoothed level in dBm; nil without readings.
    var rssi: Float? { readings > 0 ? level : nil }

    /// Takes a report. One without a signal strength proves presence and moves no level.
    @inline(__always)
    mutating func hear(_ rssi: RSSI, at now: Int64) {
        let elapsed = now &- lastHeard
        lastHeard = now
        guard rssi.isAvailable else { return }
        let reading = Float(rssi.dBm)
        if readings == 0 {
            level = reading
            variance = Self.readingVariance
            readings = 1
            return
        }
        let grown = variance + Self.walkVariance * (Float(elapsed) * 1e-9)
        let prior = min(grown, Self.largestVariance)
        let gain = prior / (prior + Self.readingVariance)
        level += gain * (reading - level)
        variance = prior * (1 - gain)
        if readings < .max { readings += 1 }
    }
}
