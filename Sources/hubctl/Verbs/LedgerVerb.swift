import DBus
import EventLoop
import JSON

/// `hubctl ledger`: what came in at each stage, and what became of all of it.
enum LedgerVerb: Verb {
    static let name = "ledger"
    static let summary = "what came in at each stage, and what became of all of it"
    static let details = [
        "Both sides are counted apart from each other; exit 1 when they do not come out even."
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let ledger = try await HubClient(arguments).document("Ledger", of: "Hub1")
        if output.wantsJSON {
            try output.print(ledger)
        } else {
            try show(ledger, output)
        }
        return ledger["even"] == .bool(true) ? .ok : .degraded
    }

    private static func show(_ ledger: JSONValue, _ output: Output) throws(Failure) {
        var table = Table([
            .init(title: "stage"), .init(title: "came in"),
            .init(title: "became", shrinksTo: 30), .init(title: "even"),
        ])
        for account in ledger["accounts"]?.elements ?? [] {
            let difference = account["difference"]?.number?.double ?? 0
            table.add([
                .init(Show.text(account["stage"])), .init(counts(account["came"])),
                .init(counts(account["went"]) + beside(account)),
                difference == 0
                    ? .init("yes") : .init("no: \(Show.count(account["difference"]))", .bad),
            ])
        }
        try output.print(table.lines(on: output.terminal))
    }

    /// Only what occurred; what people read is not helped by a row of zeros.
    private static func counts(_ side: JSONValue?) -> String {
        let entries = (side?.members ?? []).filter { $0.value.number?.double != 0 }
        guard !entries.isEmpty else { return "0" }
        return entries.map { "\(Show.count($0.value)) \(words($0.key))" }.joined(separator: ", ")
    }

    private static func beside(_ account: JSONValue) -> String {
        account["beside"].map { " (\(counts($0)))" } ?? ""
    }

    /// `shedTelemetry` as two words.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { text, letter in
            text += letter.isUppercase ? " \(letter.lowercased())" : String(letter)
        }
    }
}
