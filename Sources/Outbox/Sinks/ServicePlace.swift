internal import JSON

/// How far a service says that it has the events of this hub.
///
/// It is in the answer to a batch: `hubs`, by the hub's id, as `Place` of
/// examples/sync-service/openapi.yaml has it. A service need not say it.
public struct ServicePlace: Sendable, Hashable {
    /// It has every number up to this one.
    public var contiguous: Int64
    /// The highest number it has.
    public var highest: Int64
    /// How many numbers below that one it misses.
    public var missing: Int64
    /// The first of its gaps, in order; none overlaps another, whatever the service said.
    var gaps: [ClosedRange<Int64>] = []

    /// What was lost once stays lost where the numbers go on, so gaps may be many: a service lists
    /// the first hundred.
    private static let mostGaps = 100
    /// A gap is three values; the rest of an answer is a few for each hub of the batch.
    private static let mostValues = 4_096

    /// Reads the answer to a batch; nil when it does not say how far the hub is.
    init?(answer: [UInt8], hub: String) {
        let reader = JSONReader(.json, maximumDepth: 6, maximumValues: Self.mostValues)
        guard let document = try? reader.read(answer).value,
            let place = document["hubs"]?[hub],
            let contiguous = Self.number(place["contiguous"]),
            let highest = Self.number(place["highest"]), highest >= contiguous,
            let missing = Self.number(place["missing"])
        else { return nil }
        self.contiguous = contiguous
        self.highest = highest
        self.missing = missing
        for gap in (place["gaps"]?.elements ?? []).prefix(Self.mostGaps) {
            guard let first = Self.number(gap[0]), let last = Self.number(gap[1]), first <= last,
                first > gaps.last?.upperBound ?? 0
            else { return }
            gaps.append(first...last)
        }
    }

    /// A number as the store has them (`Ledger.numberLimit`).
    private static func number(_ value: JSONValue?) -> Int64? {
        guard let number = value?.number?.integer(as: Int64.self), number >= 0,
            number < Ledger.numberLimit
        else { return nil }
        return number
    }
}

/// Events that count as delivered to a sink, that are kept here, and that its service says it misses.
public struct MissedEvents: Sendable, Hashable {
    /// How many; from `most` on there may be more.
    public var count: Int
    /// The number of the first one.
    public var first: Int64

    /// As many are counted: an answer that says much must not hold the store up.
    public static let most = 1_000
}
