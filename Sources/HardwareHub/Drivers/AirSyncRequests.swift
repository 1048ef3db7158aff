internal import BeaconScanner

/// The requests of a device that its session knows of: what is under way, and what was answered
/// already, so that a request sent again is answered again and not kept twice.
///
/// A request is known again by its number and its bytes. A device that does not count its requests
/// shows it by using a number for other bytes, or the number 0: then only what is still under way
/// is known again, because the same reading may well be sent twice.
struct AirSyncRequests: Sendable {
    /// The most requests under way, each waiting to become durable; one is usual.
    static let mostUnderWay = 4

    /// What is to be done about a request.
    enum Judgement: Hashable {
        /// It is new: hand it on under this number.
        case new(UInt32)
        /// It is under way and will be answered.
        case underWay
        /// It was answered, and this was the answer.
        case answered(AirSyncOutcome)
        /// Too many are under way.
        case tooMany
    }

    private struct Entry {
        let id: UInt32
        let sequence: UInt16
        let digest: UInt32
        let count: Int
        /// nil while it is under way.
        var outcome: AirSyncOutcome?
        /// When an answer is due; nil when none is owed.
        var due: BootTime?
    }

    private let remembered: Int
    private var entries: [Entry] = []
    private var lastID: UInt32 = 0
    private var isCounting = true

    /// Makes a memory of so many requests.
    init(remembered: Int) { self.remembered = max(remembered, Self.mostUnderWay) }

    /// When the first answer is due.
    var due: BootTime? { entries.compactMap(\.due).min() }

    /// Whether an answer is owed.
    var isWaiting: Bool { entries.contains { $0.outcome == nil } }

    /// A request came, whose answer is due at `due`.
    mutating func received(sequence: UInt16, body: [UInt8], due: BootTime) -> Judgement {
        let digest = CRC32.ieee(body)
        if let last = entries.last(where: { $0.sequence == sequence }),
            last.digest != digest || last.count != body.count
        {
            isCounting = false
        }
        let index = entries.lastIndex {
            $0.sequence == sequence && $0.digest == digest && $0.count == body.count
        }
        if let index {
            guard let outcome = entries[index].outcome else {
                entries[index].due = due
                return .underWay
            }
            if outcome.code == 0, sequence != 0, isCounting { return .answered(outcome) }
            entries.remove(at: index)
        }
        guard entries.count(where: { $0.outcome == nil }) < Self.mostUnderWay else {
            return .tooMany
        }
        lastID &+= 1
        if entries.count >= remembered,
            let oldest = entries.firstIndex(where: { $0.outcome != nil })
        {
            entries.remove(at: oldest)
        }
        entries.append(
            Entry(id: lastID, sequence: sequence, digest: digest, count: body.count, due: due))
        return .new(lastID)
    }

    /// A request was dealt with.
    ///
    /// - Returns: its number, when an answer is owed.
    mutating func settled(_ id: UInt32, _ outcome: AirSyncOutcome) -> UInt16? {
        guard let index = entries.firstIndex(where: { $0.id == id && $0.outcome == nil }) else {
            return nil
        }
        let isOwed = entries[index].due != nil
        entries[index].outcome = outcome
        entries[index].due = nil
        return isOwed ? entries[index].sequence : nil
    }

    /// Time passed.
    ///
    /// - Returns: the numbers of requests that were not dealt with in time; they stay under way.
    mutating func overdue(at now: BootTime) -> [UInt16] {
        var numbers: [UInt16] = []
        for index in entries.indices {
            guard let due = entries[index].due, now >= due else { continue }
            entries[index].due = nil
            numbers.append(entries[index].sequence)
        }
        return numbers
    }
}
