/// The account of one stage: what came in, and what became of all of it.
///
/// Both sides are counted apart from each other. When they do not come out even, events were lost
/// or made up without a reason.
public struct Account: Sendable, Hashable {
    /// A stage of the way from who reports an event to who gets it.
    public enum Stage: Sendable, Hashable {
        /// Events whose loss is bearable, from the report to the store; since the start of hubd.
        case posted
        /// Events whose caller waits, from the call to the store; since the start of hubd.
        case requested
        /// What the intake passed on, against what the store took; since the start of hubd.
        case handover
        /// The numbers of events, since ever.
        case numbers
        /// The events that got a number, since ever.
        case store
        /// A sink, by its kind and address, since it was configured.
        case sink(String)
    }

    /// What is counted.
    public enum Reason: String, Sendable, Hashable {
        case posted, requested, kept, dropped, refused, waiting
        case posts, requests, notices, doubtful, numbered
        case used, value, presence, telemetry, earlier, skipped
        case committed, mended, retired, shedTelemetry, shedPresence, lost
        case keptValue, keptPresence, keptTelemetry
        case due, confirmed, rejected, givenUp, expired, shed
        case handedOut
    }

    /// One line of an account.
    public struct Entry: Sendable, Hashable {
        /// What is counted.
        public var reason: Reason
        /// How many.
        public var count: Int64

        init(_ reason: Reason, _ count: Int64) {
            self.reason = reason
            self.count = count
        }
    }

    /// Whose account it is.
    public var stage: Stage
    /// What came in.
    public var came: [Entry] = []
    /// What became of it.
    public var went: [Entry] = []
    /// Counts that belong to neither side: an event may be handed out more than once.
    public var beside: [Entry] = []

    init(_ stage: Stage) {
        self.stage = stage
    }

    /// How many more came in than are accounted for; 0 when it comes out even.
    public var difference: Int64 {
        came.reduce(0) { $0 + $1.count } - went.reduce(0) { $0 + $1.count }
    }

    /// One side in words: `12 committed, 3 mended`.
    public static func text(_ entries: [Entry]) -> String {
        entries.map { "\($0.count) \($0.reason.rawValue)" }.joined(separator: ", ")
    }
}
