public import BeaconScanner

extension Settings {
    /// What the scanner is to do differently from its defaults.
    public var presenceSettings: PresenceSettings {
        var settings = PresenceSettings()
        if let pathLoss = presence.pathLoss { settings.pathLossExponent = pathLoss }
        if let leaveAfter = presence.leaveAfter { settings.leaveFloor = leaveAfter }
        if let missingAfter = presence.missingAfter {
            settings.missingAtStart = missingAfter
            settings.missingFloor = missingAfter
        }
        return settings
    }

    /// Where imports are kept: beside the database.
    public var overlayPath: String {
        let folder = store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return (folder + ["imported.json"]).joined(separator: "/")
    }
}
