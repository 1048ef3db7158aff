/// Timers in the order in which they are due: a binary heap that knows where each timer sits, so
/// that scheduling and canceling cost O(log n).
///
/// A pure value: the time is an argument. Timers due at the same instant come in the order in
/// which they were scheduled. A repeating timer that missed rounds, because the machine slept or
/// the process was stopped, fires once and goes on in its old rhythm: no storm after a jump.
public struct TimerQueue<Payload> {
    /// An instant on the clock that the caller uses throughout.
    public typealias Instant = EventLoop.Instant

    /// Names one timer; never used again after it.
    public struct Token: Hashable, Comparable, Sendable {
        let id: UInt64

        /// Orders by the time of scheduling.
        public static func < (left: Token, right: Token) -> Bool { left.id < right.id }
    }

    private struct Entry {
        var deadline: Instant
        let token: Token
        let interval: Int64?
        let payload: Payload

        func isBefore(_ other: Entry) -> Bool {
            (deadline, token) < (other.deadline, other.token)
        }
    }

    private var heap: [Entry] = []
    private var places: [Token: Int] = [:]
    private var scheduled: UInt64 = 0

    /// Makes an empty queue.
    public init() {}

    /// How many timers wait.
    public var count: Int { heap.count }

    /// When the first timer is due; nil when none waits.
    public var earliest: Instant? { heap.first?.deadline }

    /// The token that the next timer will get: separates those scheduled before and after now.
    public var nextToken: Token { Token(id: scheduled) }

    /// Adds a timer.
    ///
    /// - Parameters:
    ///   - deadline: when it is due.
    ///   - interval: the time between rounds of a repeating timer, at least one nanosecond.
    ///   - payload: what `takeDue` gives back.
    /// - Returns: the timer's name, to cancel it.
    public mutating func schedule(
        at deadline: Instant, repeating interval: Duration? = nil, _ payload: Payload
    ) -> Token {
        let token = nextToken
        scheduled += 1
        let period = interval.map { max(1, $0.nanoseconds) }
        heap.append(Entry(deadline: deadline, token: token, interval: period, payload: payload))
        places[token] = heap.count - 1
        rise(from: heap.count - 1)
        return token
    }

    /// Removes a timer; false when it has already fired or been canceled.
    @discardableResult
    public mutating func cancel(_ token: Token) -> Bool {
        guard let place = places[token] else { return false }
        remove(at: place)
        return true
    }

    /// Takes the first timer that is due and older than `limit`; a repeating one stays, with its
    /// next round after `now`.
    public mutating func takeDue(at now: Instant, before limit: Token) -> Payload? {
        guard let first = heap.first, first.deadline <= now, first.token < limit else {
            return nil
        }
        let next = first.interval.map { Self.round(after: now, from: first.deadline, every: $0) }
        // At the end of time there is no next round.
        if let next, next > now {
            heap[0].deadline = next
            sink(from: 0)
        } else {
            remove(at: 0)
        }
        return first.payload
    }

    /// The first instant after `now` that lies whole intervals behind `start`.
    private static func round(
        after now: Instant, from start: Instant, every interval: Int64
    ) -> Instant {
        let late = now.nanoseconds.subtractingReportingOverflow(start.nanoseconds)
        guard !late.overflow else { return now.advanced(by: .nanoseconds(interval)) }
        return now.advanced(by: .nanoseconds(interval - late.partialValue % interval))
    }

    private mutating func remove(at place: Int) {
        places[heap[place].token] = nil
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        places[last.token] = place
        rise(from: place)
        sink(from: place)
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place].isBefore(heap[parent]) else { return }
            exchange(place, parent)
            place = parent
        }
    }

    private mutating func sink(from start: Int) {
        var place = start
        while true {
            var first = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[child].isBefore(heap[first]) {
                first = child
            }
            guard first != place else { return }
            exchange(place, first)
            place = first
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        places[heap[one].token] = one
        places[heap[other].token] = other
    }
}
