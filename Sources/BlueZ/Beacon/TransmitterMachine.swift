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
    private var pending: UInt64?
    private var token: UInt64 = 0
    private var retryAt: EventLoop.Instant?
    private var delay = RetryDelay(from: .seconds(1), to: .seconds(60))

    init(_ selector: AdapterSelector) { self.selector = selector }

    /// Another bluetoothd comes, or none: the old one's adapters and registrations are void.
    mutating func forget() {
        path = nil
        pending = nil
        retryAt = nil
        state = .starting
    }

    /// The adapters that are there; nil: there is no bluetoothd.
    mutating func adaptersChanged(_ adapters: [Adapter]?, at now: EventLoop.Instant) {
        let able = (adapters ?? []).filter(\.canAdvertise)
        let chosen = selector.choose(from: able, current: path)?.path
        if chosen == nil { state = adapters == nil ? .noService : .noAdapter("\(selector)") }
        guard chosen != path else { return }
        path = chosen
        pending = nil
        guard chosen != nil else { return retryAt = nil }
        state = .starting
        delay.reset()
        retryAt = now
    }

    /// The adapter to register the beacon at now; nil when nothing is due.
    mutating func registration(at now: EventLoop.Instant) -> (path: String, token: UInt64)? {
        guard let path, pending == nil, let retryAt, now >= retryAt else { return nil }
        self.retryAt = nil
        token += 1
        pending = token
        return (path, token)
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
        state = .released
        retryAt = now.advanced(by: delay.next())
    }
}
