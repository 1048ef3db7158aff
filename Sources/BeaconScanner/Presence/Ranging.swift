/// From signal strength to distance: the log-distance path-loss model.
///
///     rssi(d) = P − 10 · n · log₁₀(d ⁄ 1 m)        d = 10^((P − rssi) ⁄ (10 · n))
///
/// P is the power measured at 1 m in dBm, n the path-loss exponent (2 in free space, 2.5 to 4
/// indoors; T. S. Rappaport, *Wireless Communications*, §4.9.1) and d the distance in meters.
/// One reading is worth a factor of two either way in a shop; `Proximity` is the honest answer
/// and a distance is a number to compare with others.
public struct Ranging: Sendable {
    /// Up to this distance, in meters, a beacon is `immediate`.
    public static let immediateLimit = 0.5
    /// Up to this distance, in meters, a beacon is `near`.
    public static let nearLimit = 4.0
    /// A boundary counts as crossed this share of its distance beyond itself, so that a beacon on
    /// the line stays where it is. At n = 2, 15 % is 1.2 dB outwards and 1.4 dB inwards, against
    /// 0.5 to 1.5 dB of scatter left by `SignalTrack`.
    static let hysteresis = 0.15

    /// The path-loss exponent in use, 1 to 6.
    public let pathLossExponent: Double

    /// Path losses from the 1 m point, in dB, at the two boundaries and around them. With these
    /// the hot path compares floats and never raises anything to a power.
    private let immediateLoss: Float
    private let nearLoss: Float
    /// The band of each proximity, by its raw value; `unknown` is never kept.
    private let kept: InlineArray<4, Band>

    /// The path losses between which a proximity is kept, in dB.
    struct Band: Sendable {
        let from: Float
        let to: Float

        /// Keeps nothing.
        static let empty = Band(from: .infinity, to: -.infinity)

        /// Whether a level holds the proximity that this is the band of.
        @inline(__always)
        func keeps(rssi: Float, measuredPower: Int8) -> Bool {
            let loss = Float(measuredPower) - rssi
            return loss >= from && loss < to && Ranging.isPlausible(measuredPower: measuredPower)
        }
    }

    /// The band in which a proximity is kept.
    func band(of proximity: Proximity) -> Band { kept[Int(proximity.rawValue)] }

    /// Makes a model.
    ///
    /// - Parameter pathLossExponent: n, kept within 1 and 6 (beyond lies no measured building).
    public init(pathLossExponent: Double = 2) {
        let exponent = pathLossExponent >= 1 ? min(pathLossExponent, 6) : 1
        func loss(_ meters: Double) -> Float {
            Float(10 * exponent * RangingMath.log10(meters))
        }
        self.pathLossExponent = exponent
        immediateLoss = loss(Self.immediateLimit)
        nearLoss = loss(Self.nearLimit)
        let inwards = 1 - Self.hysteresis
        let outwards = 1 + Self.hysteresis
        kept = [
            Band(from: -.infinity, to: loss(Self.immediateLimit * outwards)),
            Band(
                from: loss(Self.immediateLimit * inwards), to: loss(Self.nearLimit * outwards)),
            Band(from: loss(Self.nearLimit * inwards), to: .infinity),
            .empty,
        ]
    }

    /// Whether a power at 1 m can be one: a beacon of the strongest class, +20 dBm at its
    /// antenna, arrives with about −21 dBm at 1 m, so zero and more is a sender's mistake.
    public static func isPlausible(measuredPower: Int8) -> Bool {
        measuredPower < 0 && measuredPower > -127
    }

    /// The distance in meters.
    ///
    /// - Parameters:
    ///   - rssi: the smoothed signal strength in dBm.
    ///   - measuredPower: the power at 1 m in dBm.
    /// - Returns: nil when the measured power is not a plausible one.
    public func distance(rssi: Float, measuredPower: Int8) -> Double? {
        guard Self.isPlausible(measuredPower: measuredPower), rssi.isFinite else { return nil }
        let loss = Double(measuredPower) - Double(rssi)
        return RangingMath.powerOfTen(loss / (10 * pathLossExponent))
    }

    /// The proximity without memory: which side of each boundary the signal is on.
    public func proximity(rssi: Float, measuredPower: Int8) -> Proximity {
        guard Self.isPlausible(measuredPower: measuredPower), rssi.isFinite else {
            return .unknown
        }
        let loss = Float(measuredPower) - rssi
        return loss < immediateLoss ? .immediate : loss < nearLoss ? .near : .far
    }

    /// The proximity as seen from the present one: a boundary holds until it is clearly passed.
    func proximity(rssi: Float, measuredPower: Int8, from current: Proximity) -> Proximity {
        if band(of: current).keeps(rssi: rssi, measuredPower: measuredPower) { return current }
        return proximity(rssi: rssi, measuredPower: measuredPower)
    }
}
