/// What the store has counted since ever; each count is moved in the transaction that does what it
/// counts, so no crash comes between the two.
enum Tally: String, CaseIterable, Sendable {
    /// Events that got a number, by class.
    case committedValue, committedPresence, committedTelemetry
    /// Numbers that were used before the store kept accounts, of events that were gone by then.
    case earlier
    /// Numbers that were left out because nobody knows whether they were used (decision 12).
    case skipped
    /// Events deleted after every sink had them.
    case retired
    /// Events dropped for room, after they had a number.
    case shedPresence, shedTelemetry
    /// Events that damage took.
    case lost
    /// What a salvage could not explain: the counts of a damaged file are not to be relied upon.
    case mended

    /// The count of events of a class that got a number.
    static func committed(_ eventClass: Event.Class) -> Tally {
        switch eventClass {
        case .value: .committedValue
        case .presence: .committedPresence
        case .telemetry: .committedTelemetry
        }
    }

    /// The count of events of a class that were dropped for room; value is never.
    static func shed(_ eventClass: Event.Class) -> Tally {
        eventClass == .telemetry ? .shedTelemetry : .shedPresence
    }
}

/// What became of the events that a sink was to have.
struct SinkAccount: Equatable, Sendable {
    /// With what the store has committed, the events that the sink was to have.
    var base: Int64 = 0
    /// Events that it has.
    var confirmed: Int64 = 0
    /// Events that it would not have and that somebody gave up.
    var givenUp: Int64 = 0
    /// Events dropped for room before it had them.
    var shed: Int64 = 0
    /// Events that grew too old for it.
    var expired: Int64 = 0

    /// The sum of two accounts.
    static func + (left: Self, right: Self) -> Self {
        SinkAccount(
            base: left.base + right.base, confirmed: left.confirmed + right.confirmed,
            givenUp: left.givenUp + right.givenUp, shed: left.shed + right.shed,
            expired: left.expired + right.expired)
    }
}

/// What one transaction counts.
struct Counts {
    var store: [Tally: Int64] = [:]
    var sinks: [String: SinkAccount] = [:]

    /// Counts in the store.
    mutating func add(_ count: Int, as tally: Tally) {
        store[tally, default: 0] += Int64(count)
    }

    /// Counts events that a sink will not get, because they gave way.
    mutating func add(shed count: Int, of sink: String) {
        guard count > 0 else { return }
        sinks[sink] = (sinks[sink] ?? SinkAccount()) + SinkAccount(shed: Int64(count))
    }

    /// Counts events that get a number.
    mutating func add(committed events: [Event]) {
        for eventClass in Event.Class.allCases {
            add(events.count { $0.eventClass == eventClass }, as: .committed(eventClass))
        }
    }
}
