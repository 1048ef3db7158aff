/// Decides what follows a delivery: how much to send next, when, and whose fault it was.
///
/// A batch that is refused for its content is halved from the front until one event is left; after
/// three tries that event is set aside, and the rest goes on. A sink that refuses everything, for
/// example because its secret was changed, would empty the queue that way. So after `streakLimit`
/// events set aside with none accepted in between, the newest event is sent as a probe: when it is
/// accepted, the others were at fault indeed; when not, the sink is: they are taken back, and only
/// single events are sent until one is accepted.
///
/// A sink that denies a batch (`401` and its like) is asked at once whether it means all events or
/// one: the newest alone is sent, then the oldest alone. Only when both are denied, the sink is at
/// fault, and single events, newest and oldest in turn, are sent until one is accepted. Else the
/// batch is halved like any other that is refused.
struct DeliveryMachine {
    /// What to send.
    enum Order: Equatable {
        /// The oldest events that are not delivered, at most so many.
        case oldest(Int)
        /// The newest event alone, to see whether the sink accepts anything. The oldest alone is
        /// `oldest(1)`.
        case probe
    }

    /// What to do next.
    enum Action: Equatable {
        /// Note the events as delivered, and go on.
        case confirm(place: Int64)
        /// The probe was accepted: go on with the oldest.
        case goOn
        /// Set the one event aside, and go on.
        case setAside(SinkFault)
        /// Take back these events that were set aside, and wait.
        case takeBack([Lane: [Int64]], SinkFault, Duration)
        /// Nothing is known to have arrived: wait, then send again.
        case wait(SinkFault, Duration)
    }

    /// Tries of a single event before it is set aside.
    static let tries = 3
    /// Events set aside in a row before the sink itself is suspected.
    static let streakLimit = 8

    private var size: BatchSize
    private var backoff: Backoff
    private var failedTries = 0
    /// The event whose tries they are.
    private var triedEvent: Int64?
    /// The events that have been set aside since one was accepted, by the lane they were in.
    private var streak: [Lane: [Int64]] = [:]
    /// Whether all that was sent last is done with; else the same lane goes on.
    private(set) var isSettled = true
    /// What is known of a sink that denied or refused more than one event should cause.
    private enum Doubt {
        /// Nothing speaks against it.
        case none
        /// It denied a batch; the newest event was not tried yet.
        case newest
        /// It denied the newest event too; the oldest was not tried yet.
        case oldest
        /// It accepts nothing; which is tried next.
        case held(tryNewest: Bool)
        /// It denied a batch and accepted another event: one of the batch is at fault.
        case cleared
    }
    private var doubt = Doubt.none

    /// Makes a machine for a sink that takes at most so many events at once.
    init(most: Int, backoff: Backoff = Backoff()) {
        size = BatchSize(most: most)
        self.backoff = backoff
    }

    /// Goes on with events that were set aside before a restart and since when none was accepted. As
    /// many as raise suspicion were looked into then.
    mutating func resume(_ streak: [Lane: [Int64]]) {
        let count = streak.values.reduce(0) { $0 + $1.count }
        if count < Self.streakLimit { self.streak = streak }
    }

    /// What to send next.
    var order: Order {
        switch doubt {
        case .newest, .held(tryNewest: true): .probe
        case .oldest, .held(tryNewest: false): .oldest(1)
        case .none, .cleared: streakCount >= Self.streakLimit ? .probe : .oldest(size.limit)
        }
    }

    private var streakCount: Int { streak.values.reduce(0) { $0 + $1.count } }

    /// A delivery of `events` came back.
    mutating func finished(
        _ delivery: Delivery, of events: [StoredEvent], lane: Lane = .regular,
        random: (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }
    ) -> Action {
        switch delivery {
        case .stored(let place):
            let wasProbe = order == .probe
            backoff.reset()
            failedTries = 0
            streak = [:]
            switch doubt {
            case .newest, .oldest:
                // The batch that was denied is not done with.
                doubt = .cleared
            case .none, .cleared:
                if !wasProbe { size.accepted(events.count) }
                doubt = .none
                isSettled = true
            case .held:
                doubt = .none
                isSettled = true
            }
            return wasProbe ? .goOn : .confirm(place: place)
        case .failed(let fault, let asked):
            return .wait(fault, backoff.next(after: fault, asked: asked, random: random))
        case .tooLarge(let fault), .rejected(let fault):
            isSettled = false
            return refused(events, lane, fault, random)
        case .denied(let fault):
            isSettled = false
            return denied(events, lane, fault, random)
        }
    }

    /// The sink took an event that it had rejected, because somebody asked: it is not at fault, and
    /// what was set aside stays there.
    mutating func acceptedAgain() {
        backoff.reset()
        streak = [:]
        if case .held = doubt { doubt = .none }
    }

    /// The sink would not have something of what was sent.
    private mutating func refused(
        _ events: [StoredEvent], _ lane: Lane, _ fault: SinkFault,
        _ random: (ClosedRange<Int64>) -> Int64
    ) -> Action {
        switch doubt {
        case .newest, .oldest:
            // It is particular about events after all.
            doubt = .cleared
            return .wait(fault, backoff.base)
        case .held: return refusedEverything(fault, random)
        case .none, .cleared:
            if order == .probe { return refusedEverything(fault, random) }
        }
        if events.count > 1 {
            if fault.code == .tooLarge {
                size.tooLarge(events.count)
            } else {
                size.halve(events.count)
            }
            // Half a batch is another request, not a repetition: it need not wait longer.
            return .wait(fault, backoff.base)
        }
        return refusedOne(events, lane, fault, random)
    }

    /// The sink would not have something of what was sent, or nothing at all.
    private mutating func denied(
        _ events: [StoredEvent], _ lane: Lane, _ fault: SinkFault,
        _ random: (ClosedRange<Int64>) -> Int64
    ) -> Action {
        switch doubt {
        case .none where order != .probe:
            doubt = .newest
            size.halve(events.count)
            return .wait(fault, backoff.base)
        case .newest:
            doubt = .oldest
            return .wait(fault, backoff.base)
        case .oldest, .none, .held: return refusedEverything(fault, random)
        case .cleared: return refused(events, lane, fault, random)
        }
    }

    private mutating func refusedOne(
        _ events: [StoredEvent], _ lane: Lane, _ fault: SinkFault,
        _ random: (ClosedRange<Int64>) -> Int64
    ) -> Action {
        // Another may stand here now: the last one grew too old, or gave way.
        if events.first?.sequence != triedEvent { failedTries = 0 }
        triedEvent = events.first?.sequence
        failedTries += 1
        if failedTries < Self.tries {
            return .wait(fault, backoff.next(after: fault, asked: nil, random: random))
        }
        failedTries = 0
        backoff.reset()
        if let event = events.first { streak[lane, default: []].append(event.sequence) }
        isSettled = true
        return .setAside(fault)
    }

    private mutating func refusedEverything(
        _ fault: SinkFault, _ random: (ClosedRange<Int64>) -> Int64
    ) -> Action {
        if case .held(let triedNewest) = doubt {
            doubt = .held(tryNewest: !triedNewest)
        } else {
            doubt = .held(tryNewest: true)
        }
        size.reset()
        let wait = backoff.next(after: fault, asked: nil, random: random)
        guard !streak.isEmpty else { return .wait(fault, wait) }
        let rejected = streak
        streak = [:]
        return .takeBack(rejected, fault, wait)
    }
}
