internal import Synchronization

/// Carries events from the store to one sink, on a thread of its own: a sink that blocks holds up
/// nobody else.
///
/// Its whole life is `run()`, read from top to bottom. It rests between deliveries without holding
/// its thread; `ring` and the deadline of the rest end a rest.
actor Courier {
    nonisolated let name: String
    nonisolated let settings: SinkSettings
    nonisolated let report = SinkReport()
    nonisolated let deadline = Deadline()

    private nonisolated let thread: SerialThread
    private nonisolated let hasNews = Atomic<Bool>(false)
    /// Somebody asks for a try now, whatever there was to wait for.
    private nonisolated let isAsked = Atomic<Bool>(false)
    private nonisolated let farewell = Mutex(StateFarewell.stop)
    private nonisolated let clock: @Sendable () -> EventTime
    private nonisolated let store: Store
    private var sink: any Sink
    private var machine: DeliveryMachine
    /// Which lane is next, in turn; and the one of the last delivery.
    private var next = Lane.express
    private var last = Lane.regular
    private var rest: Rest?
    private var hasBegun = false

    /// A pause between deliveries.
    private struct Rest {
        var continuation: CheckedContinuation<Void, Never>
        /// When it ends at the latest, on the boot clock.
        var until: Int64?
        /// Whether new events end it.
        var isIdle: Bool
        /// Whether the sink may connect meanwhile.
        var mayConnect = false
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Makes a courier, which begins with `start()`.
    init(
        _ settings: SinkSettings, store: Store, clock: @escaping @Sendable () -> EventTime,
        backoff: Backoff
    ) throws(SinkFault) {
        self.settings = settings
        self.store = store
        self.clock = clock
        name = settings.name
        switch settings {
        case .file(let file): sink = FileSink(file)
        case .http(let http): sink = try HTTPSink(http, hub: store.settings.hub, clock: clock)
        case .mqtt(let mqtt):
            sink = try MQTTSink(
                mqtt, hub: store.settings.hub, board: store.states, clock: clock, backoff: backoff)
        }
        machine = DeliveryMachine(most: sink.limits.events, backoff: backoff)
        thread = SerialThread(name: "hubd-sink")
    }

    /// Starts delivering; false when the machine has no thread to give.
    nonisolated func start() -> Bool {
        guard thread.start() else { return false }
        thread.onTurn { [weak self] in self?.assumeIsolated { $0.turn() } }
        if case .mqtt = settings {
            store.states.listen(ObjectIdentifier(self)) { [thread] in thread.wake() }
        }
        return true
    }

    /// There is something new to deliver. From any thread; never blocks.
    nonisolated func ring() {
        hasNews.store(true, ordering: .releasing)
        thread.wake()
    }

    /// Ends a wait after a fault: the sink is tried at once. From any thread; never blocks.
    nonisolated func tryNow() {
        isAsked.store(true, ordering: .releasing)
        thread.wake()
    }

    /// Asks for an end: one last delivery, until the deadline on the boot clock, and a farewell.
    nonisolated func finish(by instant: Int64, _ farewell: StateFarewell = .stop) {
        self.farewell.withLock { $0 = farewell }
        deadline.set(instant)
        thread.wake()
    }

    private func run() async {
        machine.resume(await store.streak(of: self))
        while await step() {}
        store.states.listen(ObjectIdentifier(self), nil)
        sink.end(farewell.withLock { $0 })
        await store.courierFinished(self)
        // Nothing is enqueued from here on: the store has let go of this courier.
        thread.stop()
    }

    /// One delivery and what follows from it; false at the end.
    private func step() async -> Bool {
        let isLast = deadline.isSet
        guard !isLast || deadline.left > 0 else { return false }
        let limits = DeliveryLimits(events: mostEvents, bytes: sink.limits.bytes)
        let isProbe = machine.order == .probe
        guard let load = await store.load(for: self, limits, isProbe: isProbe, lane) else {
            if isLast { return false }
            // Behind a predecessor it waits for the bell that its end rings.
            await pause(until: nil, isIdle: true, mayConnect: !(await store.isHeldUp(self)))
            return true
        }
        guard load.expired.isEmpty else {
            await noted(await store.expire(self, load))
            return !isLast
        }
        let delivery = sink.deliver(load.events, after: load.cursor, deadline: deadline)
        if load.isRetry {
            await retried(load, delivery)
        } else {
            // A probe is of no lane: what it is asked for goes on where it was.
            if !isProbe { last = load.lane }
            await settle(machine.finished(delivery, of: load.events, lane: load.lane), load)
        }
        return !isLast
    }

    /// Lanes take turns, so neither waits for more than one delivery of the other. What was refused
    /// is sent on in its own lane, until it is known whose fault it is.
    private var lane: Store.LaneChoice {
        guard sink.mayOvertake else { return .onlyRegular }
        return machine.isSettled ? .prefer(next) : .stay(last)
    }

    private var mostEvents: Int {
        switch machine.order {
        case .oldest(let count): count
        case .probe: 1
        }
    }

    private func settle(_ action: DeliveryMachine.Action, _ load: Store.Load) async {
        switch action {
        case .confirm(let place):
            report.delivered(at: clock().unixNanoseconds)
            next = load.lane == .regular ? .express : .regular
            await noted(await store.confirm(self, load, place: place, service: sink.service))
        case .goOn:
            report.delivered(at: clock().unixNanoseconds)
        case .setAside(let fault):
            guard let event = load.events.first else { return }
            await noted(await store.reject(self, load, event, fault, lane: load.lane))
        case .takeBack(let rejected, let fault, let wait):
            // Else they would stay set aside for the sink's fault.
            while !(await store.takeBack(self, rejected)), !deadline.isSet { await noted(false) }
            await pause(fault, wait)
        case .wait(let fault, let wait):
            // What has come meanwhile may be more urgent.
            next = .express
            await pause(fault, wait)
        }
    }

    /// A rejected event was sent again, because somebody asked for it.
    private func retried(_ load: Store.Load, _ delivery: Delivery) async {
        guard let event = load.events.first else { return }
        switch delivery {
        case .stored:
            report.delivered(at: clock().unixNanoseconds)
            machine.acceptedAgain()
            await noted(await store.accept(self, event))
        case .rejected(let fault), .denied(let fault), .tooLarge(let fault):
            await noted(await store.reject(self, load, event, fault, lane: nil))
        case .failed:
            if case .wait(let fault, let wait) = machine.finished(delivery, of: load.events) {
                await pause(fault, wait)
            }
        }
    }

    /// When the store could not note what became of events, they are delivered again, in time.
    private func noted(_ isNoted: Bool) async {
        guard !isNoted else { return }
        let fault = SinkFault(.disk, "the store could not note what was delivered: see its state")
        await pause(fault, .seconds(5))
    }

    // MARK: Resting

    private func pause(_ fault: SinkFault, _ wait: Duration) async {
        let until = BootClock.now() + wait.nanoseconds
        report.failed(fault, retryAt: until)
        await pause(until: until, isIdle: false)
    }

    private func pause(until: Int64?, isIdle: Bool, mayConnect: Bool = false) async {
        await withCheckedContinuation {
            rest = Rest(continuation: $0, until: until, isIdle: isIdle, mayConnect: mayConnect)
        }
    }

    /// Begins, and ends the rest when it is time; the thread calls this after each wake-up.
    private func turn() -> Int64? {
        if !hasBegun {
            hasBegun = true
            Task(executorPreference: thread) { await self.run() }
        }
        guard let rest else { return nil }
        let isAsked = isAsked.exchange(false, ordering: .acquiring)
        if isAsked { sink.tryNow() }
        let isOver =
            rest.isIdle && hasNews.exchange(false, ordering: .acquiring) || deadline.isSet
            || isAsked
            || rest.until.map { BootClock.now() >= $0 } ?? false
        guard isOver else {
            let due = sink.tend(mayConnect: rest.mayConnect, report: report, deadline: deadline)
            return [rest.until, due].compactMap(\.self).min()
        }
        self.rest = nil
        rest.continuation.resume()
        return nil
    }
}
