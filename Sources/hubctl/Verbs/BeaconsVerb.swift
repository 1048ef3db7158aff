import DBus
import EventLoop
import JSON

/// `hubctl beacons`: the fleet, as it is heard.
enum BeaconsVerb: Verb {
    static let name = "beacons"
    static let summary = "the beacons: where they are, how they are heard, what is wrong"
    static let options: [Arguments.Option] = [
        .init("--zone", "ZONE", "only beacons in this zone and those inside it"),
        .init("--unknown", "beacons that were heard and that no catalog names"),
        .init("--missing", "only beacons that should be heard and are not"),
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let wantsUnknown = arguments.has("--unknown")
        if wantsUnknown, arguments.has("--missing") || arguments.value("--zone") != nil {
            throw Failure(
                .usage, "--unknown stands alone: a stranger has no zone and is not missed")
        }
        let client = try await HubClient(arguments)
        let reply =
            wantsUnknown
            ? try await client.document("ListUnknown", of: "Beacons1", [.uint32(10_000)])
            : try await client.document("List", of: "Beacons1")
        if let zone = arguments.value("--zone") { try await expectZone(zone, client) }
        let rows = (reply.elements ?? []).filter { row in
            if let zone = arguments.value("--zone"), !isIn(zone, row) { return false }
            let isMissing = ["missing", "never-heard"].contains(row["state"]?.string)
            return !arguments.has("--missing") || isMissing
        }
        if output.wantsJSON {
            try output.print(.array(rows))
        } else {
            try output.print(table(rows))
            if rows.isEmpty { try output.print("no such beacons") }
        }
        return .ok
    }

    /// A zone that is misspelt must not look like an empty one.
    static func expectZone(_ zone: String, _ client: HubClient) async throws(Failure) {
        let zones = try await client.call("Zones", of: "Beacons1")
        let names = (zones.first?.elements ?? []).compactMap(\.string)
        guard !names.contains(zone) else { return }
        let near = nearest(zone, among: names).map { "; did you mean \($0)?" } ?? ""
        throw Failure(
            .dataError, "no zone \(quoted(zone))\(near) — hubctl export zones lists them")
    }

    /// Whether a beacon is in a zone or in one inside it.
    static func isIn(_ zone: String, _ row: JSONValue) -> Bool {
        (row["zonePath"]?.elements ?? []).contains { $0.string == zone }
    }

    static func table(
        _ rows: [JSONValue], heard: (JSONValue?) -> String = Show.ago
    ) -> Table {
        var table = Table([
            .init(title: "id", shrinksTo: 20, cutsInside: true),
            .init(title: "label", shrinksTo: 12),
            .init(title: "zone", shrinksTo: 8), .init(title: "rssi", rightAligned: true),
            .init(title: "distance", rightAligned: true), .init(title: "proximity"),
            .init(title: "battery", rightAligned: true), .init(title: "last heard"),
            .init(title: "state"),
        ])
        for row in rows {
            let findings = (row["findings"]?.elements ?? []).map(Show.text)
            let state = Show.text(row["state"])
            let words = [state] + findings.filter { $0 != state }
            table.add([
                .init(Show.text(row["id"])), .init(Show.text(row["label"] ?? row["url"])),
                .init(Show.text(row["zone"] ?? row["holder"])),
                .init(Show.number(row["rssi"], "", digits: 0)),
                .init(Show.number(row["distance"], " m", digits: 1)),
                .init(Show.text(row["proximity"])), .init(battery(row)),
                .init(heard(row["lastHeardSeconds"])),
                .init(words.joined(separator: ", "), ink(state, findings)),
            ])
        }
        return table
    }

    private static func battery(_ row: JSONValue) -> String {
        if row["batteryPercent"] != nil { return Show.number(row["batteryPercent"], " %") }
        return Show.number(row["battery"], " V", digits: 2)
    }

    private static func ink(_ state: String, _ findings: [String]) -> Terminal.Ink? {
        switch state {
        case "missing": .bad
        case "present": findings.isEmpty ? .good : .warning
        case "never-heard": .warning
        default: findings.isEmpty ? .faint : .warning
        }
    }
}
