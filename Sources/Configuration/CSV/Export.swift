import BeaconScanner
public import Campaigns

/// Writing zones and beacons as the files that can be imported.
public enum CatalogExport {
    /// A CSV file of zones: UTF-8 with a byte order mark, by which spreadsheets know it, and CR LF.
    public static func csv(_ zones: [Zone]) -> [UInt8] {
        table(
            ImportColumns.zones,
            zones.map { zone in
                [zone.id, zone.parent, zone.kind, zone.label, zone.merchant]
            })
    }

    /// A CSV file of beacons, in the same form; identities (`eid`) do not fit into it and stay out.
    public static func csv(_ beacons: [ConfiguredBeacon]) -> [UInt8] {
        table(
            ImportColumns.beacons,
            beacons.map { beacon in
                [
                    beacon.id.description, beacon.zone, beacon.label, beacon.holder,
                    beacon.measuredPower.map { String($0) },
                    beacon.position.map { $0.x.description },
                    beacon.position.map { $0.y.description },
                ]
            })
    }

    private static func table(_ columns: [String], _ rows: [[String?]]) -> [UInt8] {
        let lines = ([columns] + rows).map { row in
            row.map { quoted($0 ?? "") }.joined(separator: ",") + "\r\n"
        }
        return [0xef, 0xbb, 0xbf] + lines.joined().utf8
    }

    private static func quoted(_ field: String) -> String {
        let bytes = field.utf8
        let needsQuotes =
            bytes.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 0x20 }
            || bytes.first == UInt8(ascii: " ") || bytes.last == UInt8(ascii: " ")
        guard needsQuotes else { return field }
        return "\""
            + field.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
