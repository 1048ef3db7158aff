import BeaconScanner
import Campaigns
import Configuration

/// Everything that the files say, read and checked as a whole.
///
/// It is loaded at the start and at each reload; what is in force is never half of one and half
/// of another.
struct Loaded {
    let settings: Settings
    let catalog: Catalog
    /// The catalog's version, when it says one.
    let version: Int64?
    /// The part of the catalog that came by import.
    let imported: CatalogOverlay
    /// The keys of the beacons whose identifier changes.
    let keys: [IdentityKey]

    /// Checks the configuration's files together with what was imported.
    ///
    /// - Parameters:
    ///   - sources: the files.
    ///   - isCopy: whether they are the last good ones. A key that cannot be read now keeps a
    ///     beacon from being recognized then, and not the hub from hearing the others.
    /// - Throws: every problem of every file.
    init(_ sources: Sources, isCopy: Bool = false) throws(Problems) {
        try self.init(
            sources.settings, config: sources.config,
            draft: try CatalogDraft(sources.settings, catalog: sources.catalog), isCopy: isCopy)
    }

    /// The same with another draft of the catalog: an import that is going on.
    init(
        _ settings: Settings, config: String, draft: consuming CatalogDraft, isCopy: Bool = false
    ) throws(Problems) {
        // Before the first pull nothing is known of zones, and the hub is to come up for it.
        let isAwaited = settings.catalogService != nil && !draft.hasCatalog
        let checked = try draft.finish()
        self.settings = settings
        catalog = checked.catalog
        version = checked.version
        imported = checked.imported
        var problems = Self.zoneProblems(settings, config: config)
        if !isAwaited { problems += Self.placeProblems(settings, catalog, config: config) }
        keys = catalog.beacons.compactMap { beacon in
            guard let identity = beacon.identity else { return nil }
            do throws(Problem) {
                return try IdentityKey(reading: identity, of: beacon.id)
            } catch {
                if !isCopy { problems.append(error) }
                return nil
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
    }

    /// The catalog's file as it is now, and what was imported, not yet checked together.
    static func draft(_ settings: Settings) throws(Problems) -> CatalogDraft {
        try CatalogDraft(settings, catalog: try Sources.catalog(of: settings))
    }

    /// What a file cannot know of the machine: its time zones.
    private static func zoneProblems(_ settings: Settings, config: String) -> [Problem] {
        guard let zone = settings.hub.timezone, !WallClock.knowsZone(zone) else { return [] }
        return [
            Problem(
                file: config, keyPath: "hub.timezone", found: "\"\(zone)\"",
                expected: "a name that is under /usr/share/zoneinfo, such as \"Asia/Shanghai\"")
        ]
    }

    /// What one file cannot know of another: zones of radios.
    private static func placeProblems(
        _ settings: Settings, _ catalog: Catalog, config: String
    ) -> [Problem] {
        var problems: [Problem] = []
        let zones = catalog.zoneNumbers
        for (index, radio) in settings.radios.enumerated() {
            guard let zone = radio.zone, zones[zone] == nil else { continue }
            problems.append(
                Problem(
                    file: config, keyPath: "radios[\(index)].zone", found: "\"\(zone)\"",
                    expected: "the id of a zone of the catalog"))
        }
        return problems
    }
}
