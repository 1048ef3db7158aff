import Campaigns
import Checkup
import Configuration
import Glibc

/// Configuration and catalog, read as hubd reads them.
enum ConfigurationCheckup {
    /// So many problems are shown one by one; `hubd --check` shows all.
    private static let shown = 10

    /// - Returns: the settings, when they can be used, and what is to be said about the files.
    static func read(_ path: String) -> (settings: Settings?, checks: [Check]) {
        guard unsafe access(path, R_OK) == 0 || errno != EACCES else {
            let text = "\(path) may not be read by this user"
            return (nil, [.unknown("config", "", text, mend: "run hubctl doctor as root")])
        }
        let settings: Settings
        do throws(Problems) {
            settings = try Settings(readingFile: path)
        } catch {
            return (nil, checks(error, "hubd cannot start with it: mend the file"))
        }
        do throws(Problems) {
            let catalog = try CheckedCatalog(readingFile: settings.catalog).catalog
            // What was pulled is for hubd alone to read; it checks zones itself.
            let strays =
                settings.catalogService == nil
                ? settings.problems(with: catalog, file: path) : []
            guard strays.isEmpty else { throw Problems(strays) }
            let text =
                "\(path) is in order: \(catalog.beacons.count) beacons, "
                + "\(catalog.campaigns.count) campaigns"
            return (settings, [.well("config", "", text)])
        } catch {
            return (settings, checks(error, "mend it, then hubd --check and systemctl reload hubd"))
        }
    }

    private static func checks(_ problems: Problems, _ mend: String) -> [Check] {
        let lines = "\(problems)".split(separator: "\n")
        let rest = lines.count - shown
        return lines.prefix(shown).map { .failed("config", "", String($0), mend: mend) }
            + (rest > 0
                ? [.failed("config", "", "and \(rest) more", mend: "hubd --check shows all")] : [])
    }
}
