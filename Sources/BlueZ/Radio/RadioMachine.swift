public import EventLoop

/// Keeps one radio hearing: a pure value, whose owner tells it what happens and does what it asks.
///
/// The owner
/// 1. tells of bluetoothd (`serviceChanged`), of the adapter (`adapterChanged`), of answers
///    (`answered`) and of advertisements (`heard`), each with the time;
/// 2. calls `tick` about once a second, and at `retryAt`;
/// 3. after each of these asks `nextRequest` until it gives none.
///
/// There is never more than one request on its way. What has to be done is a plan of a few
/// requests; a refusal drops it, and after 0.2 s … 5 s another one is made from what is known then.
///
/// A radio that falls silent without any error climbs a ladder: discovery is restarted, then the
/// adapter is power-cycled, then a verdict is reached. The ladder remembers: power cycles are at
/// least 10 minutes apart, twice as far each time they brought nothing, and so are the rounds
/// after a verdict. An empty shop at night so costs a handful of restarts, and the resets do not
/// wear the adapter out. Beside the ladder, an adapter is power-cycled once for a bluetoothd that
/// takes over from one that died while it scanned, and that is bounded too (`FreedScans`).
public struct RadioMachine: Sendable {
    /// An instant on the clock that the owner uses throughout.
    public typealias Instant = EventLoop.Instant

    /// How things stand.
    public private(set) var state: RadioState = .starting
    /// Whether its silence means that beacons are silent.
    public private(set) var isTrusted = false
    /// When a refused request may be tried again; nil when nothing waits.
    public private(set) var retryAt: Instant?
    /// How often it heard again after it had been deaf, in trouble or treated for silence.
    public private(set) var recoveries: UInt64 = 0
    /// When it last heard something.
    public private(set) var lastHeard: Instant?

    /// What is known of bluetoothd.
    public enum Service: Hashable, Sendable {
        /// Nothing yet.
        case unknown
        /// It is not on the bus; what the bus said when it was asked to start it.
        case absent(String?)
        /// It is on the bus and does not tell its objects, and why.
        case mute(String)
        /// It is on the bus, and its adapters are known.
        case present
    }

    private let shortestDoubt: Int64
    private let scan: Scan
    private var channelText: String?
    private var service = Service.unknown
    private var busText: String?
    private var adapter: Adapter?
    private var absence: RadioState?

    private var plan: [RadioRequest] = []
    private var pending: (request: RadioRequest, token: UInt64)?
    private var token: UInt64 = 0
    private var trouble: RadioState?
    private var delay = RetryDelay(from: .milliseconds(200), to: .seconds(5))

    /// Since when discovery is on for us; nil when it is not.
    private var listeningSince: Instant?
    /// Since when BlueZ says that nothing is being discovered.
    private var stoppedSince: Instant?
    private var silence = SilenceLimit()
    private var ladder = RecoveryLadder()
    private var hasHeardHere = false
    private var wasInTrouble = false
    /// Whether the adapter was freed from what an earlier bluetoothd had left, since this one runs.
    private var wasFreed = false
    private var freed = FreedScans()

    /// Makes a machine that knows nothing yet.
    ///
    /// - Parameters:
    ///   - doubt: the least silence of the whole radio after which it is not trusted: below the
    ///     silence after which a beacon has left, or a dead radio would make them all leave.
    ///   - scan: how bluetoothd is asked to scan.
    public init(doubt: Duration = .seconds(8), scan: Scan = .active) {
        self.scan = scan
        let parts = doubt.components
        shortestDoubt = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    // MARK: What happens

    /// The bus was lost, and why; nil: it is there.
    public mutating func busChanged(_ fault: String?, at now: Instant) {
        busText = fault
        if fault != nil { forgetSession() }
        settle(at: now)
    }

    /// The kernel's monitor channel, through which the radio hears, failed, and why; nil: it is open.
    ///
    /// The scan goes on meanwhile: to end it and to begin it again would cost more.
    public mutating func channelChanged(_ fault: String?, at now: Instant) {
        if fault != nil { hasHeardHere = false }
        // Nobody listened: the silence until now says nothing.
        if channelText != nil, fault == nil, listeningSince != nil { listeningSince = now }
        if fault != nil { wasInTrouble = true }
        channelText = fault
        settle(at: now)
    }

    /// bluetoothd has dropped the patterns of a passive scan by itself.
    public mutating func patternsReleased(at now: Instant) {
        guard scan == .passive, listeningSince != nil, pending == nil, plan.isEmpty else { return }
        fail(.refused(what: RadioRequest.addPatterns.text, why: "it released them"), at: now)
        settle(at: now)
    }

    /// bluetoothd has come or gone; a new one knows nothing of what the old one was told.
    public mutating func serviceChanged(_ new: Service, at now: Instant) {
        if new != .present {
            adapter = nil
            absence = nil
            wasFreed = false
            forgetSession()
        }
        service = new
        settle(at: now)
    }

    /// The adapter has come, changed, or gone.
    ///
    /// - Parameters:
    ///   - new: what it is like now; nil when it is not there.
    ///   - absence: why there is none for this radio.
    ///   - now: the time.
    public mutating func adapterChanged(
        _ new: Adapter?, absence: RadioState? = nil, at now: Instant
    ) {
        let old = adapter
        adapter = new
        self.absence = new == nil ? absence : nil
        guard let new, let old, new.path == old.path, new.address == old.address else {
            // Unplugged, renumbered or another one: what was asked of the old one is void.
            forgetSession()
            return settle(at: now)
        }
        // While we switch it ourselves, BlueZ only confirms what we do.
        guard pending == nil, plan.isEmpty else { return settle(at: now) }
        if !new.isPowered, trouble == nil {
            fail(.poweredOff, at: now)
        } else if new.isPowered, !old.isPowered, retryAt != nil {
            // Somebody mended it: no reason to wait.
            retryAt = now
        } else if scan == .active, listeningSince != nil,
            new.isDiscovering != old.isDiscovering
        {
            stoppedSince = new.isDiscovering ? nil : now
        }
        settle(at: now)
    }

    /// An advertisement was heard that says something.
    ///
    /// Empty ones are no evidence: some controllers go on delivering them when they have gone deaf.
    ///
    /// - Returns: whether `state` or `isTrusted` may have changed.
    public mutating func heard(at now: Instant) -> Bool {
        if let last = lastHeard, hasHeardHere {
            silence.learn(gap: time(from: last, to: now))
        }
        lastHeard = now
        let isNews = !hasHeardHere || !isTrusted || state != .hearing
        hasHeardHere = true
        guard isNews else { return false }
        // In trouble it hears what another program's discovery brings; that mends nothing.
        if trouble == nil {
            if wasInTrouble || ladder.endsRecovered { recoveries += 1 }
            wasInTrouble = false
            ladder.heard(at: now)
        }
        settle(at: now)
        return true
    }

    /// BlueZ has answered a request, or has not in time. An answer to an older one changes nothing.
    public mutating func answered(_ token: UInt64, _ answer: RadioAnswer, at now: Instant) {
        guard let pending, pending.token == token else { return }
        self.pending = nil
        if isLeftScanning(pending.request, answer), freed.mayFree(at: now) {
            wasFreed = true
            plan = [.setPowered(false), .setPowered(true), .setFilter, .startDiscovery]
        } else if let trouble = refusal(of: pending.request, answer) {
            fail(trouble, at: now)
        } else if plan.isEmpty {
            begin(at: now)
        }
        settle(at: now)
    }

    /// Switches the adapter off and on, for a reason that is not the radio's; not while anything else
    /// is being done with it.
    ///
    /// - Returns: whether that has begun.
    public mutating func sweep(at now: Instant) -> Bool {
        guard adapter?.isPowered == true, service == .present, pending == nil, plan.isEmpty
        else { return false }
        // What waits to be tried again is in the plan too.
        retryAt = nil
        powerCycle()
        settle(at: now)
        return true
    }

    /// Lets time pass; `hearsElsewhere` is whether another radio of the hub hears something now, and
    /// `hasLinks` whether devices are connected by the adapter.
    public mutating func tick(
        at now: Instant, hearsElsewhere: Bool, hasLinks: Bool = false
    ) {
        defer { settle(at: now) }
        if let retryAt, now >= retryAt {
            self.retryAt = nil
            makePlan()
        }
        guard let listeningSince, plan.isEmpty, pending == nil, channelText == nil else { return }
        if let stoppedSince, time(from: stoppedSince, to: now) >= Self.stopGrace {
            return fail(.discoveryStopped, at: now)
        }
        if time(from: listeningSince, to: now) >= Self.settled { delay.reset() }
        let quiet = silentFor(at: now)
        if let step = ladder.step(
            silence: quiet, limit: silence.limit, at: now, hearsElsewhere: hearsElsewhere,
            hasLinks: hasLinks)
        {
            climb(step)
        }
    }

    // MARK: What is to be done

    /// The next request, with the token that its answer has to name; nil when nothing is due.
    public mutating func nextRequest() -> (request: RadioRequest, token: UInt64, path: String)? {
        guard pending == nil, let adapter, service == .present, !plan.isEmpty else { return nil }
        token += 1
        let request = plan.removeFirst()
        pending = (request, token)
        return (request, token, adapter.path)
    }

    /// From what is known: what is missing until discovery is on.
    private mutating func makePlan() {
        guard let adapter, pending == nil else { return }
        // A session of ours may be left from a call whose answer never came. Stopping it costs
        // nothing, and makes BlueZ take the filter.
        let isLeft = trouble != nil && adapter.isPowered
        plan =
            (adapter.isPowered ? [] : [.setPowered(true)]) + (isLeft ? [ending] : []) + beginning
    }

    /// What begins a session of ours.
    private var beginning: [RadioRequest] {
        scan == .active ? [.setFilter, .startDiscovery] : [.addPatterns]
    }

    /// What ends it.
    private var ending: RadioRequest { scan == .active ? .stopDiscovery : .removePatterns }

    private mutating func climb(_ step: RadioState.Recovery) {
        switch step {
        case .restart:
            listeningSince = nil
            stoppedSince = nil
            plan = [ending] + beginning
        case .powerCycle: powerCycle()
        }
    }

    private mutating func powerCycle() {
        listeningSince = nil
        stoppedSince = nil
        // Patterns outlast a power cycle, a discovery does not.
        plan =
            (scan == .passive ? [ending] : []) + [.setPowered(false), .setPowered(true)] + beginning
    }

    /// Discovery is on, unless somebody switched the adapter off meanwhile.
    private mutating func begin(at now: Instant) {
        guard adapter?.isPowered != false else { return fail(.poweredOff, at: now) }
        listeningSince = now
        stoppedSince = scan == .active && adapter?.isDiscovering == false ? now : nil
        // What was heard in trouble came of another program's scan.
        if trouble != nil { hasHeardHere = false }
        trouble = nil
    }

    private mutating func fail(_ new: RadioState, at now: Instant) {
        trouble = new
        wasInTrouble = true
        hasHeardHere = false
        ladder.interrupt()
        plan = []
        listeningSince = nil
        stoppedSince = nil
        retryAt = now.advanced(by: delay.next())
    }

    private mutating func forgetSession() {
        if listeningSince != nil || trouble != nil { wasInTrouble = true }
        plan = []
        pending = nil
        retryAt = nil
        trouble = nil
        listeningSince = nil
        stoppedSince = nil
        hasHeardHere = false
        ladder.interrupt()
        delay.reset()
    }

    /// Whether the kernel still scans for a bluetoothd that has died: stopping what may be left of
    /// ours did not help. It goes on for up to 10.24 s (DISCOV_LE_TIMEOUT), and the next bluetoothd
    /// can neither use nor end that scan; switching the adapter off and on ends it. Only once for
    /// each bluetoothd, since that does not help against a controller that refuses.
    private func isLeftScanning(_ request: RadioRequest, _ answer: RadioAnswer) -> Bool {
        guard case .refused("org.bluez.Error.InProgress", _) = answer else { return false }
        return request == .startDiscovery && adapter?.isDiscovering == false && trouble != nil
            && !wasFreed
    }

    /// The trouble that an answer means; nil when the request can count as done.
    private func refusal(of request: RadioRequest, _ answer: RadioAnswer) -> RadioState? {
        switch (answer, request) {
        case (.done, _): return nil
        case (.none, _): return .unresponsive
        // There was nothing to stop, or the scan was just between two of its rounds.
        case (.refused, .stopDiscovery), (.refused, .removePatterns): return nil
        // They are registered already, by this very client.
        case (.refused("org.bluez.Error.AlreadyExists", _), .addPatterns): return nil
        case (.refused("org.freedesktop.DBus.Error.UnknownMethod", _), .addPatterns),
            (.refused("org.freedesktop.DBus.Error.UnknownInterface", _), .addPatterns),
            (.refused("org.bluez.Error.NotSupported", _), .addPatterns):
            return .noPassiveScan
        // This very client is discovering already.
        case (.refused("org.bluez.Error.InProgress", _), .startDiscovery)
        where adapter?.isDiscovering == true:
            return nil
        case (.refused("org.bluez.Error.Blocked", _), _): return .blocked
        case (.refused("org.bluez.Error.NotReady", _), .setFilter),
            (.refused("org.bluez.Error.NotReady", _), .startDiscovery):
            return .poweredOff
        case (.refused(let name, let text), _):
            return .refused(what: request.text, why: "\(name): \(text)")
        }
    }

    // MARK: How things stand

    /// How long BlueZ may say that nothing is being discovered before that is taken at its word:
    /// between two rounds of a scan it says so for a moment.
    private static let stopGrace: Int64 = 2_000_000_000
    /// Discovery that stays on for so long has succeeded, and the next failure is a new one.
    private static let settled: Int64 = 10_000_000_000

    private func time(from start: Instant, to now: Instant) -> Int64 {
        now.nanoseconds &- start.nanoseconds
    }

    private func silentFor(at now: Instant) -> Int64 {
        guard let listeningSince else { return 0 }
        return time(from: max(listeningSince, lastHeard ?? listeningSince), to: now)
    }

    private mutating func settle(at now: Instant) {
        if adapter != nil, service == .present, pending == nil, plan.isEmpty,
            listeningSince == nil, retryAt == nil
        {
            makePlan()
        }
        state = presentState
        isTrusted = isTrustworthy(at: now)
    }

    private var presentState: RadioState {
        // Without it nothing is heard, whatever bluetoothd does.
        if let channelText { return .noChannel(channelText) }
        if let busText { return .noBus(busText) }
        switch service {
        case .unknown: return .starting
        case .absent(let why): return .noService(why)
        case .mute(let why): return .refused(what: "tell its adapters", why: why)
        case .present: break
        }
        guard adapter != nil else { return absence ?? .starting }
        if let trouble { return trouble }
        if let state = ladder.state { return state }
        if hasHeardHere { return .hearing }
        return listeningSince == nil ? .starting : .listening
    }

    private func isTrustworthy(at now: Instant) -> Bool {
        switch state {
        case .quiet: true
        case .listening, .hearing:
            listeningSince != nil && silentFor(at: now) < silence.doubt(shortestDoubt)
        default: false
        }
    }
}
