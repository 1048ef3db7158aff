import Configuration
import DBus
import EventLoop
import JSON

/// `hubctl import`: zones or beacons in bulk, all or nothing.
enum ImportVerb: Verb {
    static let name = "import"
    static let summary = "take over zones or beacons from a CSV file, all or nothing"
    static let operands = "FILE.csv"
    static let options: [Arguments.Option] = [
        .init("--dry-run", "only check: nothing is taken over"),
        .init("--remove", "take back what the rows name by their id"),
    ]
    static let details = [
        "The header decides what the file holds; columns may stand in any order:",
        "  zones    id,parent,kind,label,merchant",
        "  beacons  id,zone,label,holder,measuredPower,x,y",
        "A row replaces what an earlier import brought under the same id; what the catalog file",
        "defines, only the catalog file changes. Every bad line is named, and then nothing is taken.",
        "With --remove only the column id counts. A file has at most 4 MiB: split a larger one.",
        "",
        "Exit: 0 taken over, 65 bad lines, 66 no such file, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        let path = arguments.words[0]
        let file: SourceFile
        do throws(Problem) {
            file = try SourceFile(reading: path, limit: SourceFile.maximumImportSize)
        } catch {
            throw Failure(.noInput, "\(error)")
        }
        let isDryRun = arguments.has("--dry-run")
        let result = try await HubClient(arguments).document(
            "Import", of: "Beacons1",
            [
                .string(path), .bytes(file.bytes),
                .options([
                    ("dryRun", .bool(isDryRun)), ("remove", .bool(arguments.has("--remove"))),
                ]),
            ],
            mayAsk: true)
        let problems = (result["problems"]?.elements ?? []).map(Show.text)
        if output.wantsJSON { try output.print(result) }
        guard problems.isEmpty else {
            throw Failure(.dataError, problems + ["nothing was imported"])
        }
        if !output.wantsJSON {
            let verb = isDryRun ? "would be" : "are now"
            try output.print(
                "\(path): in order; \(Show.count(result["zones"])) zones and "
                    + "\(Show.count(result["beacons"])) beacons \(verb) imported in all")
        }
        return .ok
    }
}
