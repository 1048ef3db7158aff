import BeaconScanner
import Campaigns
import Configuration

/// What a replay goes by: that of a hub's configuration, as far as the caller may read it.
struct ReplayConfiguration {
    let catalog: Catalog
    var presence = PresenceSettings()
    var keys: [IdentityKey] = []
    /// What is left out, for the caller to know.
    var warnings: [String] = []

    /// Goes by a catalog and nothing else.
    init(catalog: Catalog) { self.catalog = catalog }

    /// Reads a configuration with its catalog, what was imported and the identity keys, and puts
    /// its time zone in force. A key that is not for the caller's eyes is left out.
    ///
    /// - Throws: every problem of the files.
    init(reading path: String) throws(Failure) {
        do throws(Problems) {
            let settings = try Settings(readingFile: path)
            LocalZone.set(settings.hub.timezone)
            let draft = try CatalogDraft(settings, catalog: try Self.source(settings.catalog))
            catalog = try draft.finish().catalog
            presence = settings.presenceSettings
        } catch {
            throw Failure(.configuration, "\(error)".split(separator: "\n").map(String.init))
        }
        for beacon in catalog.beacons {
            guard let identity = beacon.identity else { continue }
            do throws(Problem) {
                keys.append(try IdentityKey(reading: identity, of: beacon.id))
            } catch {
                warnings.append("\(error); \(beacon.id) counts as never heard")
            }
        }
    }

    private static func source(_ path: String?) throws(Problems) -> SourceFile? {
        guard let path else { return nil }
        do throws(Problem) {
            return try SourceFile(reading: path, limit: SourceFile.maximumCatalogSize)
        } catch {
            throw Problems([error])
        }
    }
}
