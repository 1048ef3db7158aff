import EventLoop
import JSON

/// `hubctl devices`: all devices, or those that could become some.
enum DevicesVerb: Verb {
    static let name = "devices"
    static let summary = "the devices: what they are, whether they are heard, when they measured"
    static let options: [Arguments.Option] = [
        .init("--unknown", "devices that are heard and that nobody enrolled")
    ]
    static let details = [
        "What a device measured last is told by hubctl device ID, to those who may see events."
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let wantsUnknown = arguments.has("--unknown")
        let rows =
            try await HubClient(arguments).document(
                wantsUnknown ? "ListUnknown" : "List", of: "Devices1"
            ).elements ?? []
        guard !output.wantsJSON else {
            try output.print(.array(rows))
            return .ok
        }
        try output.print(wantsUnknown ? unknown(rows) : table(rows))
        if rows.isEmpty {
            try output.print(
                wantsUnknown
                    ? "no such devices are heard"
                    : "no devices: hubctl devices --unknown shows what could be taken in")
        }
        return .ok
    }

    static func table(
        _ rows: [JSONValue], heard: (JSONValue?) -> String = Show.ago
    ) -> Table {
        var table = Table([
            .init(title: "id", shrinksTo: 12, cutsInside: true), .init(title: "kind"),
            .init(title: "maker", shrinksTo: 8), .init(title: "driver"),
            .init(title: "link"), .init(title: "bindings", rightAligned: true),
            .init(title: "battery", rightAligned: true), .init(title: "last heard"),
            .init(title: "last measurement", shrinksTo: 16), .init(title: "state"),
        ])
        for row in rows {
            let state = Show.text(row["state"])
            let hasProblem = row["problem"] != nil
            table.add([
                .init(Show.text(row["id"])), .init(Show.text(row["kind"])),
                .init(Show.text(row["maker"])), .init(Show.text(row["driver"])),
                .init(Show.text(row["link"])), .init(Show.text(row["bindings"])),
                .init(Show.number(row["battery"], " %")),
                .init(heard(row["lastHeardSeconds"])),
                .init(Show.text(row["lastMeasurementAt"])),
                .init(
                    hasProblem ? "\(state), problem" : state,
                    hasProblem ? .bad : state == "present" ? .good : .faint),
            ])
        }
        return table
    }

    private static func unknown(_ rows: [JSONValue]) -> Table {
        var table = Table([
            .init(title: "address"), .init(title: "may be", shrinksTo: 12),
            .init(title: "name", shrinksTo: 8), .init(title: "rssi", rightAligned: true),
            .init(title: "last heard"),
        ])
        for row in rows {
            let kinds = (row["kinds"]?.elements ?? []).map(Show.text).joined(separator: ", ")
            table.add([
                .init(Show.text(row["address"])), .init(kinds), .init(Show.text(row["name"])),
                .init(Show.text(row["rssi"])), .init(Show.ago(row["lastHeardSeconds"])),
            ])
        }
        return table
    }
}
