internal import EventLoop

/// How things stand with the hub's own beacon.
public enum TransmitterState: Hashable, Sendable {
    /// Being set up; nothing is wrong so far.
    case starting
    /// There is no bluetoothd to send it.
    case noService
    /// It is on the air.
    case sending
    /// The adapter is not there, or cannot advertise.
    case noAdapter(String)
    /// The adapter is switched off, so nothing is on the air, whatever bluetoothd keeps.
    case off
    /// bluetoothd refuses it, and why.
    case refused(String)
    /// bluetoothd has taken it off the air.
    case released

    /// The name in status and journal.
    public var name: String {
        switch self {
        case .starting: "starting"
        case .noService: "no-bluetoothd"
        case .sending: "sending"
        case .noAdapter: "no-adapter"
        case .off: "powered-off"
        case .refused: "refused"
        case .released: "released"
        }
    }

    /// What keeps it from being sent, and the mend; nil while nothing does.
    public var problem: String? {
        switch self {
        case .starting, .sending: nil
        case .noService:
            "bluetoothd is not running; systemctl enable --now bluetooth.service"
        case .noAdapter(let selector):
            "there is no adapter \(selector) that can advertise; name another one in broadcast.adapter"
        case .off:
            "the adapter is switched off; bluetoothctl power on, and rfkill unblock bluetooth if that "
                + "is refused"
        case .refused(let why):
            "bluetoothd does not send the beacon: \(why); is the adapter on, and are there other "
                + "programs that advertise?"
        case .released: "bluetoothd took the beacon off the air; it is being registered again"
        }
    }
}

/// Keeps the hub's beacon registered: a pure value, like `RadioMachine`.
struct TransmitterMachine: Sendable {
    private(set) var state: TransmitterState = .starting
    private let selector: AdapterSelector
    private var path: String?
    private var isPowered = false
    /// Whether bluetoothd may know the beacon already: it was asked to register it and has not
    /// released it. A call that was not answered in time may have been done all the same, and what
    /// becomes of a registration while the adapter is off is bluetoothd's affair.
    private var mayBeKnown = false
    private var pending: UInt64?
    private var token: UInt64 = 0
    private var retryAt: EventLoop.Instant?
    private var delay = RetryDelay(from: .seconds(1), to: .seconds(60))

    init(_ selector: AdapterSelector) { self.selector = selector }

    /// Another bluetoothd comes, or none: the old one's adapters and registrations are void.
    mutating func forget() {
        leave()
        state = .starting
    }

    /// The adapters that are there; nil: there is no bluetoothd.
    mutating func adaptersChanged(_ adapters: [Adapter]?, at now: EventLoop.Instant) {
        let able = (adapters ?? []).filter(\.canAdvertise)
        guard let chosen = selector.choose(from: able, current: path) else {
            leave()
            state = adapters == nil ? .noService : .noAdapter("\(selector)")
            return
        }
        if chosen.path != path {
            leave()
            path = chosen.path
            delay.reset()
        } else if chosen.isPowered == isPowered {
            return
        }
        isPowered = chosen.isPowered
        pending = nil
        state = isPowered ? .starting : .off
        retryAt = isPowered ? now : nil
    }

    private mutating func leave() {
        path = nil
        pending = nil
        retryAt = nil
        mayBeKnown = false
    }

    /// What to do at an adapter.
    struct Registration {
        let path: String
        /// The answer has to name it.
        let token: UInt64
        /// Whether the beacon has to be unregistered first, if it is registered.
        let isAgain: Bool
    }

    /// Where to register the beacon now; nil when nothing is due.
    mutating func registration(at now: EventLoop.Instant) -> Registration? {
        guard let path, pending == nil, let retryAt, now >= retryAt else { return nil }
        self.retryAt = nil
        token += 1
        pending = token
        defer { mayBeKnown = true }
        return Registration(path: path, token: token, isAgain: mayBeKnown)
    }

    /// bluetoothd has answered: nil, or why not.
    mutating func answered(_ token: UInt64, _ refusal: String?, at now: EventLoop.Instant) {
        guard pending == token else { return }
        pending = nil
        guard let refusal else {
            state = .sending
            return delay.reset()
        }
        state = .refused(refusal)
        retryAt = now.advanced(by: delay.next())
    }

    /// bluetoothd says that it no longer sends it (LEAdvertisement1.Release).
    mutating func released(at now: EventLoop.Instant) {
        guard path != nil, pending == nil else { return }
        mayBeKnown = false
        guard isPowered else { return }
        state = .released
        retryAt = now.advanced(by: delay.next())
    }
}
