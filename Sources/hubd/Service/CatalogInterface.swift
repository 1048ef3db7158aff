import DBus
import EventLoop

/// `org.hubd.Catalog1`: the catalog as the sync service has it, and its versions.
enum CatalogInterface {
    /// A catalog, and room for the options.
    private static let limits = Limits(
        depth: 16, elements: 4_096, bytes: SignedCatalog.limit + 65_536)

    @Hub
    static func table(_ daemon: Daemon) -> Interface {
        Interface(
            "org.hubd.Catalog1", "The catalog: its version, where it comes from, and the way back."
        ) {
            Method(
                "Describe", out: ["catalog": "a{sv}"], needs: .read,
                "Which version runs, since when and from where, and how the service was asked last."
            ) { _ in [CatalogReport(daemon).fields().value] }
            Method(
                "Versions", out: ["versions": "aa{sv}"], needs: .read,
                "The versions that are kept, the highest first."
            ) { _ in [.rows(CatalogReport(daemon).versions())] }
            Method(
                "Compare", in: ["catalog": "ay"], out: ["result": "a{sv}"], needs: .manage,
                limits: limits,
                "What a catalog would change, or what is wrong with it; nothing is taken over."
            ) { call throws(BusError) in
                [CatalogReport.fields(await daemon.catalogs.compare(try call.bytes(0))).value]
            }
            Method(
                "Pull", in: ["options": "a{sv}"], out: ["result": "a{sv}"], needs: .manage,
                "Asks the service now, which takes up to 45 s. Options: dryRun (b) only tells what would change, older (b) takes a lower version than before too."
            ) { call throws(BusError) in
                let options = try PullOptions(call.value(0))
                return [
                    CatalogReport.fields(
                        await daemon.catalogs.pull(
                            isTrial: options.isDryRun, mayBeOlder: options.mayBeOlder)
                    ).value
                ]
            }
            Method(
                "Rollback", in: ["version": "x"], out: ["result": "a{sv}"], needs: .manage,
                "Goes back to a version that is kept; 0 is the one before. What is newer than it and was in force is not taken again by itself."
            ) { call throws(BusError) in
                let version = try call.integer(0)
                return [
                    CatalogReport.fields(
                        await daemon.catalogs.rollBack(to: version == 0 ? nil : version)
                    ).value
                ]
            }
        }
    }
}
