import Checkup
import Configuration
import EventLoop

/// Looks at the service of the catalog as at a sink's, and at the keys it signs with.
@Hub
enum CatalogCheckup {
    static func checks(_ settings: Settings) async -> [Check] {
        guard let service = settings.catalogService else { return [] }
        var checks: [Check] = []
        do throws(Problem) {
            let count = try CatalogKeys(reading: service.publicKeyFile).keys.count
            checks.append(
                .well(
                    "catalog", "", "\(count == 1 ? "one key" : "\(count) keys") to verify it with"))
        } catch {
            checks.append(
                .failed(
                    "catalog", "", "publicKeyFile \(error)", mend: "put the service's key there"))
        }
        let kind: Sink.Kind =
            switch service.place {
            case .service:
                .http(
                    url: service.address(hub: settings.hubName), secretFile: nil,
                    caFile: service.caFile)
            case .broker(let broker): .mqtt(broker)
            }
        return checks + (await SinkCheckup.checks([Sink(name: "catalog", kind)]))
    }
}
