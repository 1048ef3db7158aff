import BeaconScanner
import Campaigns
import JSON

extension CatalogDraft {
    /// Takes back what imports brought: every zone and beacon that a row of a CSV file names in its
    /// column `id`. Other columns are passed over, so the file of the import itself will do.
    ///
    /// A row that names nothing imported is a problem: a file of the wrong shop should not half
    /// succeed. What the catalog file defines is not for an import to remove.
    public mutating func removeRows(_ file: SourceFile) {
        let document = decoding.open(file.name)
        func position(_ line: Int) -> JSONPosition {
            JSONPosition(document: document, line: UInt32(clamping: line), column: 0)
        }
        let table: CSVTable
        do throws(CSVTable.Fault) {
            table = try CSVTable(file.bytes)
        } catch {
            decoding.report(at: position(error.line), path: [], error.found, error.expected)
            return
        }
        guard let header = table.rows.first, let column = header.fields.firstIndex(of: "id") else {
            decoding.report(
                at: position(1), path: [], "no column \"id\"", "one that names each row")
            return
        }
        for row in table.rows.dropFirst() {
            let id = row.fields.indices.contains(column) ? row.fields[column] : ""
            guard !removeZone(id), !removeBeacon(id) else { continue }
            decoding.report(
                at: position(row.line), path: [.key("id")], Decoding.quoted(id),
                "the id of a zone or beacon that was imported")
        }
    }

    private mutating func removeZone(_ id: String) -> Bool {
        guard zoneOrigins[id]?.layer == .overlay else { return false }
        zoneOrigins[id] = nil
        zones.removeAll { $0.value.id == id }
        return true
    }

    private mutating func removeBeacon(_ id: String) -> Bool {
        guard let id = BeaconID(id), beaconOrigins[id]?.layer == .overlay else { return false }
        beaconOrigins[id] = nil
        beacons.removeAll { $0.value.id == id }
        return true
    }
}
