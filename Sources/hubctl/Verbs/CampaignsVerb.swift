import EventLoop
import JSON

/// `hubctl campaigns`: what is offered, and why it does or does not run now.
enum CampaignsVerb: Verb {
    static let name = "campaigns"
    static let summary = "the campaigns, and why each does or does not run now"

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let reply = try await HubClient(arguments).document("List", of: "Campaigns1")
        if output.wantsJSON {
            try output.print(reply)
            return .ok
        }
        var table = Table([
            .init(title: "id", shrinksTo: 12), .init(title: "merchant", shrinksTo: 8),
            .init(title: "title", shrinksTo: 12), .init(title: "state"),
            .init(title: "why", shrinksTo: 16), .init(title: "stock", rightAligned: true),
            .init(title: "shook", rightAligned: true),
        ])
        for row in reply.elements ?? [] {
            let runs = row["running"]?.bool == true
            table.add([
                .init(Show.text(row["id"])), .init(Show.text(row["merchant"])),
                .init(Show.text(row["title"])), .init(Show.text(row["state"])),
                .init(Show.text(row["why"]), runs ? .good : .faint), .init(Show.text(row["stock"])),
                .init(Show.count(row["counters"]?["shook"])),
            ])
        }
        try output.print(table)
        if reply.elements?.isEmpty ?? true { try output.print("no campaigns in the catalog") }
        return .ok
    }
}
