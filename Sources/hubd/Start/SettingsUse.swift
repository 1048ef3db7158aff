import BeaconScanner
import Configuration
import DBus

extension Settings {
    /// What the scanner is to do differently from its defaults.
    var presenceSettings: PresenceSettings {
        var settings = PresenceSettings()
        if let pathLoss = presence.pathLoss { settings.pathLossExponent = pathLoss }
        if let leaveAfter = presence.leaveAfter { settings.leaveFloor = leaveAfter }
        if let missingAfter = presence.missingAfter {
            settings.missingAtStart = missingAfter
            settings.missingFloor = missingAfter
        }
        return settings
    }

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
