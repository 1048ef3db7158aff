/// How things stand with a radio that hears through BlueZ.
public enum RadioState: Hashable, Sendable {
    /// Being set up; nothing is wrong so far.
    case starting
    /// Discovery is on, and nothing was heard yet.
    case listening
    /// It hears.
    case hearing
    /// It fell silent, and this is being tried about it.
    case recovering(Recovery)
    /// It hears nothing, all that can be tried was tried, and nothing speaks against an empty shop.
    case quiet(afterPowerCycle: Bool)
    /// It hears nothing, and another radio of the hub does.
    case deaf(afterPowerCycle: Bool)
    /// The bus cannot be reached; why.
    case noBus(String)
    /// bluetoothd is not on the bus; what the bus said when it was asked to start it.
    case noService(String?)
    /// The adapter is not there; what is there instead.
    case noAdapter(wanted: AdapterSelector, present: [String])
    /// The adapter belongs to an earlier entry of the configuration.
    case taken(String)
    /// Somebody switched it off; it is being switched on again.
    case poweredOff
    /// rfkill keeps it switched off.
    case blocked
    /// Another program or bluetoothd itself ended our discovery; it is being started again.
    case discoveryStopped
    /// bluetoothd refuses something.
    case refused(what: String, why: String)
    /// bluetoothd is on the bus and does not answer.
    case unresponsive

    /// What is tried about a silent radio, the mildest first.
    public enum Recovery: Hashable, Sendable {
        /// Discovery is stopped and started.
        case restart
        /// The adapter is switched off and on.
        case powerCycle
    }

    /// The name in status and journal.
    public var name: String {
        switch self {
        case .starting: "starting"
        case .listening: "listening"
        case .hearing: "hearing"
        case .recovering: "recovering"
        case .quiet: "quiet"
        case .deaf: "deaf"
        case .noBus: "no-bus"
        case .noService: "no-bluetoothd"
        case .noAdapter: "no-adapter"
        case .taken: "adapter-taken"
        case .poweredOff: "powered-off"
        case .blocked: "blocked"
        case .discoveryStopped: "discovery-stopped"
        case .refused: "refused"
        case .unresponsive: "unresponsive"
        }
    }

    /// Whether the radio does not do its part; a quiet one does.
    public var isProblem: Bool {
        switch self {
        case .starting, .listening, .hearing, .recovering, .quiet: false
        default: true
        }
    }

    /// What it means, and the mend; nil when there is nothing to say.
    public var text: String? {
        switch self {
        case .starting, .listening, .hearing: nil
        case .recovering(.restart): "silent for longer than usual; discovery is being restarted"
        case .recovering(.powerCycle):
            "silent although discovery was restarted; the adapter is being power-cycled"
        case .quiet(let cycled):
            "nothing is heard: bluetoothd answers, discovery is on, and \(Self.tried(cycled)) brought "
                + "nothing, so there is probably no beacon in reach; if there is one, replug the adapter"
        case .deaf(let cycled):
            "nothing is heard although another radio of this hub hears advertisements, and "
                + "\(Self.tried(cycled)) brought nothing; replug the adapter or replace it"
        case .noBus(let why): "cannot reach bluetoothd: \(why)"
        case .noService(let why):
            "bluetoothd is not running" + (why.map { " and does not start: \($0)" } ?? "")
                + "; systemctl enable --now bluetooth.service"
        case .noAdapter(let wanted, let present): Self.missing(wanted, present)
        case .taken(let title): "\(title) already serves another radio; name each adapter once"
        case .poweredOff:
            "another program switched the adapter off; hubd switches it on again as long as it is "
                + "configured"
        case .blocked: "the adapter is blocked by rfkill; rfkill unblock bluetooth"
        case .discoveryStopped:
            "another program or bluetoothd ended the discovery; it is being started again"
        case .refused(let what, let why):
            "bluetoothd refuses to \(what): \(why); see journalctl -u bluetooth.service"
        case .unresponsive: "bluetoothd does not answer; systemctl restart bluetooth.service"
        }
    }

    private static func tried(_ cycled: Bool) -> String {
        cycled ? "restarting it and power-cycling the adapter" : "restarting it"
    }

    private static func missing(_ wanted: AdapterSelector, _ present: [String]) -> String {
        guard !present.isEmpty else {
            return "no Bluetooth adapter is there; plug one in, or load its driver"
        }
        return "there is no adapter \(wanted), only \(present.joined(separator: ", ")); "
            + "name one of them, best by its address, which a replug does not change"
    }
}
