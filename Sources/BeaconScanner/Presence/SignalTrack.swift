/// One beacon's signal strength as one radio hears it, smoothed.
///
/// A first-order low pass whose gain follows the time since the last reading:
///
///     gain = Δt ⁄ (Δt + τ)        level += gain · (reading − level)
///
/// (the backward difference of τ · dlevel ⁄ dt = reading − level; A. V. Oppenheim and A. S.
/// Willsky, *Signals and Systems*, §6.6). So the lag is τ at any advertising interval, where a
/// moving average with a fixed factor lags by a number of adverts, and after long silence a new
/// reading counts nearly in full. Until a mean of all readings is the steadier, that is used.
///
/// A Kalman filter on a random walk was weighed against it. It assumes that readings err
/// independently, and therefore follows a 10 Hz beacon within 0.6 s; but the errors of a shop,
/// people walking through the path, last for seconds and come through.
struct SignalTrack: Sendable {
    /// τ in seconds: what a factor of 0.25 is at one advert a second, near habluetooth's 0.3.
    ///
    /// Readings of a beacon at rest scatter by about 4 dB, as its three channels fade differently.
    /// Left of that are 4 · √(gain ⁄ (2 − gain)): 0.5 dB at 10 Hz, 1.5 dB at 1 Hz, 3.2 dB at one
    /// advert in 10 s.
    static let timeConstant: Float = 3
    /// A level is trusted to choose between radios after this many readings.
    static let readingsToTrust: UInt8 = 3

    /// When the radio last heard the beacon, observed time.
    private(set) var lastHeard: Int64
    /// The smoothed level in dBm; meaningless without readings.
    private(set) var level: Float = 0
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
        let elapsed = Float(now &- lastHeard) * 1e-9
        lastHeard = now
        guard rssi.isAvailable else { return }
        var gain = elapsed / (elapsed + Self.timeConstant)
        if readings < .max {
            readings += 1
            gain = max(gain, 1 / Float(readings))
        }
        level += gain * (Float(rssi.dBm) - level)
    }
}
