/// How near a beacon is, in the words of its format's users.
///
/// Ordered from near to far, so `immediate < near < far < unknown`.
public enum Proximity: UInt8, Comparable, Sendable, CaseIterable {
    /// Within about half a metre.
    case immediate = 0
    /// Within a few metres.
    case near = 1
    /// Heard, but further away.
    case far = 2
    /// Heard without a usable signal strength.
    case unknown = 3

    /// Orders from near to far.
    @inlinable
    public static func < (left: Proximity, right: Proximity) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The name used in catalogs, events and on the bus.
    public var name: String {
        switch self {
        case .immediate: "immediate"
        case .near: "near"
        case .far: "far"
        case .unknown: "unknown"
        }
    }

    /// Makes a proximity from its name in catalogs, events and on the bus.
    public init?(name: String) {
        guard let match = Proximity.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
