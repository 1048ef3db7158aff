import Configuration
import DBus

extension Settings {
    /// The hub's id in events, addresses and topics.
    var hubName: String { hub.id ?? HostName.current }

    /// The settings that differ from `new` and are built into what runs.
    func settingsThatNeedARestart(_ new: Settings) -> [String] {
        var names: [String] = []
        if hub != new.hub { names.append("hub") }
        if store != new.store { names.append("store") }
        if radios != new.radios { names.append("radios") }
        if broadcast != new.broadcast { names.append("broadcast") }
        if bus != new.bus { names.append("bus") }
        if presence != new.presence { names.append("presence") }
        return names
    }
}

extension Settings.Bus {
    var bus: DBus.Bus {
        switch self {
        case .system: .system
        case .session: .session
        case .address(let address): .address(address)
        }
    }
}
