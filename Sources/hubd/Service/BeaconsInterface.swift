import Configuration
import DBus
import EventLoop

/// `org.hubd.Beacons1`: the fleet.
enum BeaconsInterface {
    /// The file, and room for its name and the options.
    private static let importLimits = Limits(
        depth: 16, elements: 4_096, bytes: SourceFile.maximumImportSize + 65_536)

    @Hub
    static func table(_ daemon: Daemon) -> Interface {
        Interface("org.hubd.Beacons1", "The beacons: those of the catalog, and strangers.") {
            Method(
                "List", out: ["beacons": "aa{sv}"], needs: .read,
                "Every configured beacon with its place, signal, battery, state and findings."
            ) { _ throws(BusError) in [.rows(daemon.beaconRows.configured())] }
            Method(
                "ListUnknown", in: ["limit": "u"], out: ["beacons": "aa{sv}"], needs: .read,
                "Beacons that were heard and that no catalog names; related ones first."
            ) { call throws(BusError) in
                [.rows(daemon.beaconRows.unknown(limit: Int(try call.integer(0))))]
            }
            Method(
                "Zones", out: ["zones": "as"], needs: .read,
                "The ids of all zones, those of the catalog and those that were imported."
            ) { _ throws(BusError) in [.strings(daemon.zoneNames)] }
            Method(
                "Import", in: ["name": "s", "csv": "ay", "options": "a{sv}"],
                out: ["result": "a{sv}"], needs: .manage, limits: importLimits,
                "Takes over zones or beacons from CSV, all or nothing. Options: dryRun (b) only checks, remove (b) takes back what the rows name. The result has problems (as) when nothing was taken."
            ) { call throws(BusError) in
                [
                    try await daemon.importRows(
                        try call.string(0), try call.bytes(1),
                        try ImportOptions(call.value(2))
                    ).value
                ]
            }
            Method(
                "Export", in: ["what": "s"], out: ["csv": "ay"], needs: .read,
                "All beacons or zones as CSV that can be imported."
            ) { call throws(BusError) in [.bytes(try daemon.export(try call.string(0)))] }
        }
    }
}
