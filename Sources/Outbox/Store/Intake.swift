internal import Synchronization

/// What waits between those who report events and the store's thread: bounded, in order of arrival.
///
/// Two kinds wait. Requests have a caller who is told when they are durable, and are refused when
/// there is no room. Loose events have none; when there is no room the oldest of them is dropped
/// and counted. A request makes room for itself by dropping loose events, as value goes before
/// presence everywhere.
final class Intake: Sendable {
    /// The most events that wait: seconds of a mall's traffic while a disk is slow.
    static let capacity = 4_096
    /// This many loose events are committed without waiting for more.
    static let fullBatch = 64
    /// The longest a loose event waits for others to share a commit with: 50 ms.
    static let linger: Int64 = 50_000_000
    /// The heaviest request, and transaction, in bytes; the reserve file is made for it.
    static let heaviest = 512 * 1_024

    /// Events that become durable together, for a caller who waits.
    struct Request: Sendable {
        var events: [Event]
        var state: [StateChange]
        let ticket: Ticket

        var weight: Int {
            events.reduce(0) { $0 + $1.weight } + state.reduce(0) { $0 + $1.weight }
        }
    }

    /// What became of a request, for its caller to see when the store's thread has been by.
    final class Ticket: Sendable {
        private let state = Mutex<Result<[Receipt], OutboxError>?>(nil)

        /// The answer; nil as long as the request waits.
        var answer: Result<[Receipt], OutboxError>? { state.withLock { $0 } }

        /// Answers.
        func answer(_ result: Result<[Receipt], OutboxError>) {
            state.withLock { $0 = result }
        }
    }

    /// Something that waits.
    enum Item: Sendable {
        case request(Request)
        case loose(Event)
    }

    /// The counts a status shows.
    struct Counts: Sendable, Equatable {
        /// Events that wait.
        var waiting = 0
        /// Loose events dropped before they had a sequence number.
        var dropped = 0
        /// Events of requests refused.
        var refused = 0
    }

    private struct Queue: Sendable {
        var requests: [(arrival: UInt64, request: Request)] = []
        var loose = Ring()
        var requested = 0
        var arrivals: UInt64 = 0
        /// When the oldest loose event arrived.
        var since: Int64 = 0
        var isClosed = false
        var dropped = 0
        var unreported = 0
        var refused = 0
        var posted = 0
        var requestedInAll = 0
        var keptLoose = 0
        var keptRequested = 0

        var count: Int { requested + loose.count }

        mutating func drop() {
            dropped += 1
            unreported += 1
        }

        func isDue(now: Int64) -> Bool {
            !requests.isEmpty || loose.count >= Intake.fullBatch
                || !loose.isEmpty && (isClosed || now - since >= Intake.linger)
        }
    }

    private let queue = Mutex(Queue())

    /// Adds a loose event; whether the thread has to be woken for it.
    func post(_ event: Event, now: Int64) -> Bool {
        queue.withLock { queue in
            queue.posted += 1
            guard !queue.isClosed, event.isWithinLimits else {
                queue.drop()
                return false
            }
            if queue.count >= Self.capacity {
                queue.drop()
                // Only requests wait, or the oldest gives way.
                guard queue.loose.popFirst() != nil else { return true }
            }
            if queue.loose.isEmpty { queue.since = now }
            queue.arrivals += 1
            queue.loose.append((queue.arrivals, event))
            return queue.loose.count == 1 || queue.loose.count == Self.fullBatch
        }
    }

    /// Adds a request; the reason when it is refused.
    func add(_ request: Request) -> OutboxError? {
        queue.withLock { queue in
            let count = request.events.count
            queue.requestedInAll += count
            let room = Self.capacity - queue.requested
            guard !queue.isClosed, count <= room else {
                queue.refused += count
                return queue.isClosed
                    ? OutboxError(.closed, "hubd is stopping and takes no more events")
                    : OutboxError(
                        .full, "\(queue.requested) events wait for the disk: try again later")
            }
            while queue.count + count > Self.capacity, queue.loose.popFirst() != nil {
                queue.drop()
            }
            queue.arrivals += 1
            queue.requests.append((queue.arrivals, request))
            queue.requested += count
            return nil
        }
    }

    /// Takes everything that waits when some of it is due.
    ///
    /// - Returns: what waited, in order of arrival, and how many loose events were dropped that no
    ///   notice has told of yet; nil when nothing is due.
    func take(now: Int64) -> (items: [Item], dropped: Int)? {
        queue.withLock { queue in
            guard queue.isDue(now: now) else { return nil }
            var items: [Item] = []
            items.reserveCapacity(queue.requests.count + queue.loose.count)
            for (arrival, request) in queue.requests {
                while let first = queue.loose.first, first.arrival < arrival {
                    items.append(.loose(first.event))
                    _ = queue.loose.popFirst()
                }
                items.append(.request(request))
            }
            while let rest = queue.loose.popFirst() { items.append(.loose(rest.event)) }
            queue.requests = []
            queue.requested = 0
            let dropped = queue.unreported
            queue.unreported = 0
            return (items, dropped)
        }
    }

    /// Takes the requests only, to refuse them while the disk has failed.
    func takeRequests() -> [Request] {
        queue.withLock { queue in
            let requests = queue.requests.map(\.request)
            queue.refused += queue.requested
            queue.requests = []
            queue.requested = 0
            return requests
        }
    }

    /// When the next loose events are due, on the boot clock.
    var deadline: Int64? {
        queue.withLock { $0.loose.isEmpty ? nil : $0.since + Self.linger }
    }

    /// Counts loose events that were taken and dropped after all.
    func countDropped(_ count: Int) {
        queue.withLock {
            $0.dropped += count
            $0.unreported += count
        }
    }

    /// Counts drops again as not reported, because their notice could not be stored.
    func countUnreported(_ count: Int) {
        queue.withLock { $0.unreported += count }
    }

    /// Counts events of requests that were taken and refused after all.
    func countRefused(_ count: Int) {
        queue.withLock { $0.refused += count }
    }

    /// Counts events of a request that was refused before it could wait.
    func countTurnedAway(_ count: Int) {
        queue.withLock {
            $0.requestedInAll += count
            $0.refused += count
        }
    }

    /// Counts events that have become durable.
    func countKept(loose: Int, requested: Int) {
        queue.withLock {
            $0.keptLoose += loose
            $0.keptRequested += requested
        }
    }

    /// The accounts of both kinds, on the store's thread; `inHand` loose events were taken and
    /// wait there for the disk.
    func accounts(inHand: Int) -> [Account] {
        let queue = queue.withLock { $0 }
        var posted = Account(.posted)
        posted.came = [.init(.posted, Int64(queue.posted))]
        posted.went = [
            .init(.kept, Int64(queue.keptLoose)), .init(.dropped, Int64(queue.dropped)),
            .init(.waiting, Int64(queue.loose.count + inHand)),
        ]
        var requested = Account(.requested)
        requested.came = [.init(.requested, Int64(queue.requestedInAll))]
        requested.went = [
            .init(.kept, Int64(queue.keptRequested)), .init(.refused, Int64(queue.refused)),
            .init(.waiting, Int64(queue.requested)),
        ]
        return [posted, requested]
    }

    /// Takes no more.
    func close() {
        queue.withLock { $0.isClosed = true }
    }

    /// The counts, from any thread.
    var counts: Counts {
        queue.withLock { Counts(waiting: $0.count, dropped: $0.dropped, refused: $0.refused) }
    }
}

/// A queue whose first element goes in constant time.
private struct Ring: Sendable {
    private var items: [(arrival: UInt64, event: Event)?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { count == 0 }
    var first: (arrival: UInt64, event: Event)? { isEmpty ? nil : items[head] }

    mutating func append(_ item: (arrival: UInt64, event: Event)) {
        items.append(item)
    }

    mutating func popFirst() -> (arrival: UInt64, event: Event)? {
        guard !isEmpty, let first = items[head] else { return nil }
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: items.count <= Intake.capacity)
            head = 0
        } else if head >= Intake.capacity {
            items.removeFirst(head)
            head = 0
        }
        return first
    }
}
