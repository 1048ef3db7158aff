import BeaconScanner
import DBus
import EventLoop
import JSON

/// `hubctl shake`: what somebody gets who shakes at a spot now.
enum ShakeVerb: Verb {
    static let name = "shake"
    static let summary = "shake at a spot: what it yields now, in order"
    static let options: [Arguments.Option] = [
        .init(
            "--beacon", "ID[@RSSI]", repeats: true,
            "a beacon heard there, and how strong in dBm; without RSSI right at it"),
        .init("--user", "KEY", "who shakes: an opaque key"),
        .init("--dry-run", "only ask: nothing is counted or kept"),
    ]
    static let details = [
        "A shake is kept as an event and counted before it is answered; --dry-run does neither.",
        "",
        "Example: hubctl shake --beacon FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let spot = try arguments.all("--beacon").map { (text) throws(Failure) in
            try entry(text)
        }
        guard !spot.isEmpty else {
            throw Failure(.usage, "shake: no --beacon; see hubctl shake --help")
        }
        let client = try await HubClient(arguments)
        let list = BusValue.array(of: "(sn)", spot)
        var options: [(String, BusValue)] = []
        if let user = arguments.value("--user") { options.append(("user", .string(user))) }
        let answer =
            arguments.has("--dry-run")
            ? try await client.document("Preview", of: "Campaigns1", [list])
            : try await client.document(
                "Shake", of: "Campaigns1", [list, .options(options)], mayAsk: true)
        if output.wantsJSON {
            try output.print(answer)
        } else {
            try show(answer, output)
        }
        return .ok
    }

    /// Takes `ID@RSSI` apart; no beacon id has an @ in it.
    static func entry(_ text: String) throws(Failure) -> BusValue {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard let id = BeaconID(String(parts[0])) else {
            throw Failure(
                .usage,
                "--beacon: \(quoted(String(parts[0]))), expected UUID/MAJOR/MINOR, eddystone:NAMESPACE/INSTANCE or altbeacon:ID"
            )
        }
        guard parts.count > 1 else { return .structure([.string(id.description), .int16(127)]) }
        guard parts.count == 2, let rssi = Int16(parts[1]), (-127...20).contains(rssi) else {
            throw Failure(
                .usage,
                "--beacon: \(quoted(text)), expected a signal strength of -127 to 20 dBm behind the @"
            )
        }
        return .structure([.string(id.description), .int16(rssi)])
    }

    private static func show(_ answer: JSONValue, _ output: Output) throws(Failure) {
        let pages = answer["pages"]?.elements ?? []
        if pages.isEmpty { try output.print("nothing is offered here now") }
        var table = Table([
            .init(title: "#", rightAligned: true), .init(title: "campaign", shrinksTo: 12),
            .init(title: "merchant", shrinksTo: 8), .init(title: "title", shrinksTo: 12),
            .init(title: "url", shrinksTo: 16), .init(title: "why", shrinksTo: 16),
        ])
        for (number, page) in pages.enumerated() {
            table.add([
                .init("\(number + 1)"), .init(Show.text(page["campaign"])),
                .init(Show.text(page["merchant"])), .init(Show.text(page["title"])),
                .init(Show.text(page["url"])), .init(Show.text(page["why"])),
            ])
        }
        if !pages.isEmpty { try output.print(table) }
        let refused = answer["refused"]?.elements ?? []
        if !refused.isEmpty { try output.print(["", "Not now:"]) }
        for entry in refused {
            try output.print("  \(Show.text(entry["campaign"])): \(Show.text(entry["why"]))")
        }
        for beacon in answer["unknown"]?.elements ?? [] {
            try output.print("The catalog does not know \(Show.text(beacon))")
        }
    }
}
