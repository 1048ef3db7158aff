internal import Glibc

/// Keeps events durable until every sink has them, and carries them there.
///
/// What `append` has returned survives a crash and a power cut: the transaction is on the disk
/// before the caller is answered, and the events get their ids and their gapless sequence numbers
/// in it. Every sink then gets every event at least once; the event's id makes it once.
///
/// SQLite is used on one thread only, which is this actor's. Callers on other threads leave events
/// in the `Intake` and never wait for the disk, unless they want to know when an event is durable.
/// All that waits when the thread comes by is committed together, so a slow disk makes larger
/// commits, not a longer queue.
///
/// - Committing is in `StoreCommit`, reopening after faults in `StoreRecovery`, sinks in
///   `StoreSinks`, what people read in `StoreReading`.
public actor Store {
    nonisolated let settings: StoreSettings
    nonisolated let intake = Intake()
    /// What sinks that keep state are to tell of the hub and its devices.
    public nonisolated let states = StateBoard()
    nonisolated let pulse = StorePulse()
    private nonisolated let thread = SerialThread(name: "hubd-store")

    /// The open database; nil while it is failed or closed.
    var ledger: Ledger?
    var couriers: [Courier] = []
    /// Starts a courier's thread; only a test has another way.
    var startCourier: @Sendable (Courier) -> Bool = { $0.start() }
    /// Couriers that were asked to end and still may be writing.
    var retiring: [Courier] = []
    /// When a failed database is tried again, and how often it was, on the boot clock.
    var reopenAt: Int64?
    var reopenFailures = 0
    /// A database that is still open though its file is gone, until it has a file again.
    var stranded: (ledger: Ledger, cause: String)?
    /// When it is looked at next whether the files are still there, on the boot clock.
    private var placeAt: Int64 = 0
    /// When retention and the reserve are looked at next, on the boot clock.
    var upkeepAt: Int64 = 0
    /// What was in a transaction of which it is not known whether it took place.
    var inDoubt: InDoubt?
    /// The damage that was found in the file, so that it is put aside before the next opening.
    var damage: String?
    var shed = 0
    /// Events that got a number with databases that are closed by now, without the store's own
    /// notices of what it dropped after it had a number.
    var numbered = 0
    /// Notices of what was dropped before it had a number.
    var noticeCount = 0
    /// Events of requests that were refused in doubt and took place after all.
    var doubtful = 0
    /// How many events each sink was handed, those that came again included.
    var handedOut: [String: Int64] = [:]
    /// What the service of a sink said last that it has, and what it misses of it.
    var places: [String: ServicePlace] = [:]
    var missed: [String: MissedEvents] = [:]
    /// The accounts that did not come out even when they were last looked at.
    var mismatches: [Account] = []
    /// Each salvage since the start; a disk that goes on failing does not make it long.
    var salvages: [SalvageReport] = []
    var closing: (until: Int64, continuation: CheckedContinuation<Void, Never>)?

    /// The thread SQLite is used on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Opens the store, or makes it; a damaged one is put aside and what can be read is saved.
    public static func open(_ settings: StoreSettings) async throws(OutboxError) -> Store {
        guard settings.quota >= StoreSettings.smallestQuota else {
            throw OutboxError(
                .setting, "store.quota is \(settings.quota) bytes, expected 1 MiB or more")
        }
        try StorePath.check(settings.path)
        let store = Store(settings)
        guard store.thread.start() else {
            throw OutboxError(.storage, "no thread for the store: the machine has none left")
        }
        do throws(OutboxError) {
            try await store.begin()
        } catch {
            store.thread.stop()
            throw error
        }
        return store
    }

    private init(_ settings: StoreSettings) {
        self.settings = settings
    }

    deinit {
        thread.stop()
    }

    private func begin() throws(OutboxError) {
        do throws(DatabaseError) {
            let ledger = try openOrSalvage()
            let now = settings.clock()
            // A notice is no reason not to start; damage and a failing disk are met again.
            try? ledger.noting(at: now) { () throws(DatabaseError) in
                try ledger.noteRename(at: now)
            }
            self.ledger = ledger
        } catch {
            throw error.outboxError
        }
        _ = try? ledgerAccounts()
        thread.onTurn { [weak self] in self?.assumeIsolated { $0.turn() } }
    }

    // MARK: From any thread

    /// Keeps an event whose loss is bearable: it never blocks, and when there is no room the oldest
    /// such event is dropped, counted, and told of in a notice (`org.hubd.event.dropped.v1`).
    public nonisolated func post(_ event: Event) {
        if intake.post(event, now: BootClock.now()) { thread.wake() }
    }

    /// Keeps events together, and returns when they are durable.
    ///
    /// - Parameters:
    ///   - events: They get sequence numbers one after the other, in one transaction.
    ///   - state: What is to become durable in the same transaction.
    /// - Returns: a receipt for each event, in order.
    /// - Throws: `.full`, `.tooLarge`, `.storage` or `.closed`; then nothing was acknowledged.
    public nonisolated func append(
        _ events: [Event], state: [StateChange] = []
    ) async throws(OutboxError) -> [Receipt] {
        guard events.allSatisfy(\.isWithinLimits) else {
            intake.countTurnedAway(events.count)
            throw OutboxError(
                .tooLarge,
                "an event's data is longer than \(Event.longestData) bytes, or its type or subject "
                    + "longer than \(Event.longestName)")
        }
        let weight = events.reduce(0) { $0 + $1.weight } + state.reduce(0) { $0 + $1.weight }
        guard weight <= Intake.heaviest else {
            intake.countTurnedAway(events.count)
            throw OutboxError(
                .tooLarge, "\(weight) bytes at once, at most \(Intake.heaviest) are taken")
        }
        let ticket = Intake.Ticket()
        if let refusal = intake.add(Intake.Request(events: events, state: state, ticket: ticket)) {
            throw refusal
        }
        return try await answer(to: ticket)
    }

    /// Commits all that waits, unless that was done since the request came in, and answers it.
    ///
    /// Not a continuation: those are resumed by way of Swift's thread pool, and this way the caller
    /// is back on its own thread after one hop each way.
    private func answer(to ticket: Intake.Ticket) throws(OutboxError) -> [Receipt] {
        if ticket.answer == nil { commitWaiting(now: BootClock.now()) }
        guard let answer = ticket.answer else {
            throw OutboxError(.storage, "the store gave no answer")
        }
        return try answer.get()
    }

    /// How the store is doing, also while its disk does not answer.
    public nonisolated var health: StoreHealth {
        pulse.health(waiting: intake.counts.waiting, now: BootClock.now())
    }

    // MARK: The turn

    /// Does what is due; the thread calls this after each wake-up.
    private func turn() -> Int64? {
        let now = BootClock.now()
        if pulse.state == .closed { return nil }
        if let reopenAt, now >= reopenAt { reopen() }
        commitWaiting(now: now)
        if now >= placeAt { checkPlace(now: now) }
        if let closing, now >= closing.until || couriers.isEmpty { endClosing() }
        // A full disk is asked about every second, and so is a full quota.
        if ledger?.isPinned == true || pulse.state == .full {
            upkeepAt = min(upkeepAt, now + 1_000_000_000)
        }
        if ledger != nil, now >= upkeepAt { upkeep(now: now) }
        return [
            reopenAt, ledger == nil ? nil : intake.deadline, ledger == nil ? nil : upkeepAt,
            ledger == nil ? nil : placeAt, closing?.until,
        ].compactMap(\.self).min()
    }

    /// Every commit looks whether the files are still there; this looks while there are none.
    private func checkPlace(now: Int64) {
        placeAt = now + 5_000_000_000
        _ = try? attempt { ledger throws(DatabaseError) in try ledger.checkPlace() }
    }

    // MARK: The end

    /// Takes no more events, commits those that wait, gives each sink one last try, and closes.
    ///
    /// - Parameter time: How long the sinks may take.
    public func close(within time: Duration = .seconds(2)) async {
        guard closing == nil, pulse.state != .closed else { return }
        intake.close()
        commitWaiting(now: BootClock.now())
        let until = BootClock.now() + time.nanoseconds
        for courier in couriers { courier.finish(by: until) }
        // A courier notices its deadline within a second (`Transfer.mayGoOn`).
        await withTaskExecutorPreference(thread) {
            await withCheckedContinuation { closing = (until + 1_000_000_000, $0) }
        }
    }

    private func endClosing() {
        guard let closing else { return }
        self.closing = nil
        couriers = []
        if stranded != nil { reopen() }
        // What the log holds is durable as it is; this leaves one tidy file.
        try? ledger?.checkpoint("TRUNCATE")
        ledger = nil
        reopenAt = nil
        pulse.enter(.closed, "the store is closed")
        closing.continuation.resume()
    }
}
