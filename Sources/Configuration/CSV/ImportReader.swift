import BeaconScanner
import Campaigns
import JSON

/// The two sorts of files that can be imported, told apart by their columns.
enum ImportColumns {
    static let zones = ["id", "parent", "kind", "label", "merchant"]
    static let beacons = ["id", "zone", "label", "holder", "measuredPower", "x", "y"]
    static let all = zones + beacons.filter { !zones.contains($0) }
}

extension CatalogDraft {
    /// Adds the rows of a CSV file of zones or of beacons.
    ///
    /// The header decides: `id,parent,kind,label,merchant` makes zones,
    /// `id,zone,label,holder,measuredPower,x,y` beacons; the order is free, and all columns but
    /// `id` may be missing. Rows replace what an earlier import brought under the same id; one that
    /// says what the catalog file says too is in order, so that an export can be edited and
    /// imported as a whole.
    public mutating func addRows(_ file: SourceFile) {
        let document = decoding.open(file.name)
        let table: CSVTable
        do throws(CSVTable.Fault) {
            table = try CSVTable(file.bytes)
        } catch {
            report(document, error.line, "", error.found, error.expected)
            return
        }
        guard let header = table.rows.first else {
            report(document, 1, "", "an empty file", "a header such as \"id,zone,label\"")
            return
        }
        guard let columns = columns(header, document) else { return }
        let isZones = !columns.contains { !ImportColumns.zones.contains($0) }
        for row in table.rows.dropFirst() {
            guard row.fields.count == columns.count else {
                report(
                    document, row.line, "", "\(row.fields.count) fields",
                    "\(columns.count), as in the header")
                continue
            }
            var cells = Cells(document: document, line: row.line)
            for (column, field) in zip(columns, row.fields) where !field.isEmpty {
                cells.fields[column] = field
            }
            if isZones { addZone(cells) } else { addBeacon(cells) }
        }
        zones.removeAll {
            $0.origin.layer == .overlay && zoneOrigins[$0.value.id]?.layer == .rows
        }
        beacons.removeAll {
            $0.origin.layer == .overlay && beaconOrigins[$0.value.id]?.layer == .rows
        }
    }

    /// The names of the columns; nil when they are not those of one sort of file.
    private mutating func columns(_ header: CSVTable.Row, _ document: UInt16) -> [String]? {
        let columns = header.fields
        if columns.count == 1, let sign = columns[0].first(where: { $0 == ";" || $0 == "\t" }) {
            let name = sign == ";" ? "semicolons" : "tabs"
            report(document, header.line, "", "fields separated by \(name)", "commas")
            return nil
        }
        guard columns.count <= ImportColumns.all.count * 2 else {
            report(
                document, header.line, "", "\(columns.count) columns",
                "a header such as \"id,zone,label\"")
            return nil
        }
        var isGood = true
        for (index, column) in columns.enumerated() {
            if !ImportColumns.all.contains(column) {
                let known = Decoding.list(ImportColumns.all)
                report(
                    document, header.line, "", "the unknown column \(Decoding.quoted(column))",
                    known + Suggestion.question(column, ImportColumns.all))
                isGood = false
            } else if columns.firstIndex(of: column) != index {
                report(
                    document, header.line, "",
                    "the column \(Decoding.quoted(column)) a second time",
                    "each column once")
                isGood = false
            }
        }
        if !columns.contains("id") {
            report(document, header.line, "", "no column \"id\"", "one that names each row")
            isGood = false
        }
        let ofZones = columns.first { !ImportColumns.beacons.contains($0) }
        let ofBeacons = columns.first { !ImportColumns.zones.contains($0) }
        if isGood, let ofZones, let ofBeacons {
            report(
                document, header.line, "",
                "\"\(ofZones)\" of zones and \"\(ofBeacons)\" of beacons",
                "a file of zones or a file of beacons")
            isGood = false
        }
        return isGood ? columns : nil
    }

    /// The fields of one row that are not empty, by column.
    private struct Cells {
        let document: UInt16
        let line: Int
        var fields: [String: String] = [:]

        /// A field as the readers of documents take it.
        func node(_ column: String, isNumber: Bool = false) -> JSONNode? {
            fields[column].map { text in
                let number = isNumber ? JSONNumber(decimal: text) : nil
                return JSONNode(
                    position: position, content: number.map { .number($0) } ?? .string(text))
            }
        }

        var position: JSONPosition {
            JSONPosition(document: document, line: UInt32(clamping: line), column: 0)
        }

        var origin: Origin {
            Origin(layer: .rows, position: position, node: nil, section: "", index: 0)
        }
    }

    /// Reads one field with the same rules as in a document; nil when it is empty or refused.
    private mutating func read<Value>(
        _ column: String, _ cells: Cells, isNumber: Bool = false,
        _ read: (inout Decoding, JSONNode) -> Value?
    ) -> Value? {
        guard let node = cells.node(column, isNumber: isNumber) else { return nil }
        return decoding.within(.key(column)) { read(&$0, node) }
    }

    private mutating func addZone(_ cells: Cells) {
        let id = read("id", cells) { $0.identifier($1) }
        let parent = read("parent", cells) { $0.identifier($1) }
        let kind = read("kind", cells) { $0.token($1) }
        let label = read("label", cells) { $0.label($1) }
        let merchant = read("merchant", cells) { $0.identifier($1) }
        requireID(cells)
        guard let id else { return }
        let zone = Zone(id: id, parent: parent, kind: kind, label: label, merchant: merchant)
        if zoneOrigins[id]?.layer == .catalog, zones.contains(where: { $0.value == zone }) {
            return
        }
        add(zone, cells.origin)
    }

    private mutating func addBeacon(_ cells: Cells) {
        let id = read("id", cells) { $0.beaconID($1) }
        let zone = read("zone", cells) { $0.identifier($1) }
        let holder = read("holder", cells) { $0.identifier($1) }
        let label = read("label", cells) { $0.label($1) }
        let power = read("measuredPower", cells, isNumber: true) {
            $0.whole($1, BeaconRules.measuredPower, " dBm at 1 m")
        }
        let x = read("x", cells, isNumber: true) { $0.real($1, BeaconRules.metres, " m") }
        let y = read("y", cells, isNumber: true) { $0.real($1, BeaconRules.metres, " m") }
        requireID(cells)
        guard let id else { return }
        var beacon = ConfiguredBeacon(
            id: id, placement: holder.map { .worn(holder: $0) } ?? .zone(zone ?? ""),
            label: label, measuredPower: power)
        if let x, let y { beacon.position = .init(x: x, y: y) }
        let has = { (column: String) in cells.fields[column] != nil }
        checkShape(
            cells.origin, id, hasZone: has("zone"), hasHolder: has("holder"), hasX: has("x"),
            hasY: has("y"), hasIdentity: false)
        guard !isInCatalog(beacon) else { return }
        add(beacon, cells.origin)
    }

    /// Whether the catalog file says the same; an identity has no columns and stays as it is there.
    private func isInCatalog(_ beacon: ConfiguredBeacon) -> Bool {
        guard beaconOrigins[beacon.id]?.layer == .catalog,
            var known = beacons.first(where: { $0.value.id == beacon.id })?.value
        else { return false }
        known.identity = nil
        return known == beacon
    }

    private mutating func requireID(_ cells: Cells) {
        guard cells.fields["id"] == nil else { return }
        report(cells.document, cells.line, "id", "missing", "an id in every row")
    }

    private mutating func report(
        _ document: UInt16, _ line: Int, _ column: String, _ found: String, _ expected: String
    ) {
        decoding.report(
            at: JSONPosition(document: document, line: UInt32(clamping: line), column: 0),
            path: column.isEmpty ? [] : [.key(column)], found, expected)
    }
}
