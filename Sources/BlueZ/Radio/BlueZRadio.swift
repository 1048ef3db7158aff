public import BeaconScanner
public import EventLoop

/// One radio that hears through BlueZ: a machine that decides, and the client that carries out.
@Hub
public final class BlueZRadio {
    /// Takes an advertisement: its header, its payload, which lives as long as the call, and when it
    /// was heard. It is called for each one, so it must be quick, and must not call back.
    public typealias Listener = (Advertisement, Span<UInt8>, EventLoop.Instant) -> Void

    /// Takes an HCI event of the radio's adapter, an advertising report; likewise.
    public typealias EventListener = (Span<UInt8>, EventLoop.Instant) -> Void

    /// Which adapter it is to use.
    public let selector: AdapterSelector
    /// The adapter it uses now.
    public private(set) var adapter: Adapter?
    /// How things stand.
    public var state: RadioState { machine.state }
    /// Whether its silence means that beacons are silent.
    public var isTrusted: Bool { machine.isTrusted }
    /// How often it heard again after trouble or treatment.
    public var recoveries: UInt64 { machine.recoveries }
    /// When it last heard an advertisement that says something.
    public var lastHeard: EventLoop.Instant? { machine.lastHeard }
    /// Is told when `state`, `isTrusted` or `adapter` has changed.
    public var onChange: (BlueZRadio) -> Void = { _ in }

    let number: Int
    private var machine: RadioMachine
    let feed: RadioFeed
    private weak var client: BlueZClient?
    private var timer: EventLoop.Timer?
    private var told: Told?

    private struct Told: Equatable {
        let state: RadioState
        let isTrusted: Bool
        let path: String?
        let address: DeviceAddress?
    }

    init(
        _ selector: AdapterSelector, number: Int, doubt: Duration, client: BlueZClient,
        feed: RadioFeed
    ) {
        self.selector = selector
        self.number = number
        self.client = client
        self.feed = feed
        machine = RadioMachine(doubt: doubt, scan: feed.scan)
    }

    // MARK: What happens

    func busChanged(_ fault: String?) {
        machine.busChanged(fault, at: Hub.loop.now)
        proceed()
    }

    func serviceChanged(_ service: RadioMachine.Service) {
        if service != .present { adapter = nil }
        machine.serviceChanged(service, at: Hub.loop.now)
        proceed()
    }

    func adapterChanged(_ new: Adapter?, absence: RadioState?) {
        adapter = new
        machine.adapterChanged(new, absence: absence, at: Hub.loop.now)
        proceed()
    }

    func answered(_ token: UInt64, _ answer: RadioAnswer) {
        machine.answered(token, answer, at: Hub.loop.now)
        proceed()
    }

    func channelChanged(_ fault: MonitorError?) {
        machine.channelChanged(fault.map { "\($0)" }, at: Hub.loop.now)
        proceed()
    }

    func patternsReleased() {
        machine.patternsReleased(at: Hub.loop.now)
        proceed()
    }

    func heard(_ header: Advertisement, _ payload: Span<UInt8>, at now: EventLoop.Instant) {
        // Without a single structure it is no evidence that the radio hears.
        let isNews = payload.count > 0 && machine.heard(at: now)
        if case .bus(let listener) = feed { listener(header, payload, now) }
        if isNews { proceed() }
    }

    func heard(event: Span<UInt8>, at time: EventLoop.Instant) {
        let isNews = MonitorFrame.isEvidence(event: event) && machine.heard(at: time)
        if case .monitor(_, let listener) = feed { listener(event, time) }
        if isNews { proceed() }
    }

    /// Ends links that nothing else ends; see `LinkSweep`.
    ///
    /// - Returns: whether that has begun.
    func sweep() -> Bool {
        guard machine.sweep(at: Hub.loop.now) else { return false }
        proceed()
        return true
    }

    func tick() {
        let now = Hub.loop.now
        machine.tick(
            at: now, hearsElsewhere: client?.hears(besides: self, at: now) == true,
            hasLinks: adapter.map { client?.hasLinks(on: $0.path) == true } ?? false)
        proceed()
    }

    // MARK: What follows

    private func proceed() {
        while let next = machine.nextRequest() {
            client?.carryOut(next.request, on: next.path, token: next.token, for: self)
        }
        timer?.cancel()
        timer = machine.retryAt.map { deadline in
            Hub.loop.schedule(at: deadline) { [weak self] in Hub.assumeIsolated { self?.tick() } }
        }
        let now = Told(
            state: state, isTrusted: isTrusted, path: adapter?.path, address: adapter?.address)
        guard now != told else { return }
        told = now
        onChange(self)
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }
}
