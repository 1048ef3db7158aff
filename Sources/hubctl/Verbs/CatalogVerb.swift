import Configuration
import DBus
import EventLoop
import JSON

/// `hubctl catalog`: which catalog runs, what would change, and the way back.
enum CatalogVerb: Verb {
    static let name = "catalog"
    static let summary = "which catalog runs, what would change, and the way back"
    static let operands = "[pull | diff [FILE] | versions | rollback [VERSION]]"
    static let options: [Arguments.Option] = [
        .init("--dry-run", "pull: only tell what would change"),
        .init("--older", "pull: take a lower version than one that was in force too"),
    ]
    static let details = [
        "pull asks the service now; diff tells what its catalog, or FILE, would change; rollback",
        "goes back to a version that is kept, the one before unless told otherwise. All of them but",
        "versions need root or an operator.",
        "",
        "Exit: 0 done, 65 refused or no such version, 66 no such file, 69 the service gave none,",
        "77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...2)
        let action = arguments.words.first
        let operand = arguments.words.dropFirst().first
        let isPull = action == "pull"
        for option in options where arguments.has(option.name) && !isPull {
            throw Failure(.usage, "catalog: \(option.name) is for catalog pull")
        }
        switch (action, operand) {
        case (nil, _): return try await show(arguments, output)
        case ("versions", nil): return try await versions(arguments, output)
        case ("pull", nil):
            let isTrial = arguments.has("--dry-run")
            return try await pull(arguments, output, isTrial: isTrial)
        case ("diff", nil): return try await pull(arguments, output, isTrial: true)
        case ("diff", let path?): return try await compare(path, arguments, output)
        case ("rollback", let version): return try await rollBack(version, arguments, output)
        default:
            let word = operand ?? action ?? ""
            throw Failure(
                .usage, "catalog: unexpected word \(quoted(word)); see hubctl catalog --help")
        }
    }

    // MARK: What there is

    private static func show(
        _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let catalog = try await HubClient(arguments).document("Describe", of: "Catalog1")
        if output.wantsJSON {
            try output.print(catalog)
            return .ok
        }
        var rows: [(String, String)] = []
        let number = catalog["version"] == nil ? "none" : Show.text(catalog["version"])
        let since = catalog["since"] == nil ? "" : " since \(Show.text(catalog["since"]))"
        let highest = Show.text(catalog["highest"])
        let rollback = catalog["rolledBack"]?.bool == true ? ", rolled back from \(highest)" : ""
        rows.append(("version", number + since + rollback))
        rows.append(("from", catalog["from"] == nil ? "nowhere" : Show.text(catalog["from"])))
        let holds = ["zones", "beacons", "merchants", "campaigns"].map {
            "\(Show.count(catalog[$0])) \($0)"
        }
        rows.append(("holds", holds.joined(separator: ", ")))
        if catalog["url"] != nil {
            rows.append(("service", Show.text(catalog["url"])))
            let asked = catalog["asked"]
            let when = Show.ago(asked?["secondsAgo"])
            let result = asked.map { ": \(Show.text($0["result"])), \(Show.text($0["text"]))" }
            rows.append(("asked", when + (result ?? "")))
            let next = catalog["nextSeconds"]?.number?.double.map(Show.duration)
            rows.append(("next", next.map { "in \($0)" } ?? ""))
            let kept = (catalog["versions"]?.elements ?? []).map { Show.text($0["version"]) }
            rows.append(("kept", kept.isEmpty ? "none" : kept.joined(separator: ", ")))
        }
        if catalog["problem"] != nil { rows.append(("problem", Show.text(catalog["problem"]))) }
        try output.print(
            rows.map { "\(DisplayWidth.pad($0.0, to: 8, rightAligned: false))  \($0.1)" })
        return .ok
    }

    private static func versions(
        _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let versions = try await HubClient(arguments).document("Versions", of: "Catalog1")
        if output.wantsJSON {
            try output.print(versions)
            return .ok
        }
        var table = Table([
            .init(title: "version", rightAligned: true), .init(title: "in force"),
            .init(title: "received"), .init(title: "size", rightAligned: true),
            .init(title: "from", shrinksTo: 20),
        ])
        for entry in versions.elements ?? [] {
            table.add([
                .init(Show.text(entry["version"])),
                .init(entry["inForce"]?.bool == true ? "yes" : "", .good),
                .init(Show.text(entry["received"])), .init(Show.bytes(entry["bytes"])),
                .init(Show.text(entry["from"])),
            ])
        }
        try output.print(table)
        return .ok
    }

    // MARK: What is done

    private static func pull(
        _ arguments: Arguments, _ output: Output, isTrial: Bool
    ) async throws(Failure) -> ExitCode {
        let options: BusValue = .options([
            ("dryRun", .bool(isTrial)), ("older", .bool(arguments.has("--older"))),
        ])
        // The service may take 45 s, and another asking may be under way.
        let reply = try await HubClient(arguments).call(
            "Pull", of: "Catalog1", [options], mayAsk: true, timeout: .seconds(100))
        return try tell(reply.first?.json ?? .null, output)
    }

    private static func compare(
        _ path: String, _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let file: SourceFile
        do throws(Problem) {
            // As long as one that is pulled may be.
            file = try SourceFile(reading: path, limit: 1 << 20)
        } catch {
            throw Failure(.noInput, "\(error)")
        }
        let reply = try await HubClient(arguments).call(
            "Compare", of: "Catalog1", [.bytes(file.bytes)], mayAsk: true, timeout: .seconds(60))
        return try tell(reply.first?.json ?? .null, output)
    }

    private static func rollBack(
        _ version: String?, _ arguments: Arguments, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let number = version.map { Int64($0) } ?? 0
        guard let number, number > 0 || version == nil else {
            throw Failure(
                .usage, "catalog rollback: \(quoted(version ?? "")), expected a version's number")
        }
        let reply = try await HubClient(arguments).call(
            "Rollback", of: "Catalog1", [.int64(number)], mayAsk: true, timeout: .seconds(60))
        return try tell(reply.first?.json ?? .null, output)
    }

    /// What it came to, and what changes.
    private static func tell(_ answer: JSONValue, _ output: Output) throws(Failure) -> ExitCode {
        if output.wantsJSON { try output.print(answer) }
        let result = Show.text(answer["result"])
        guard answer["refused"]?.bool != true else {
            let problems = (answer["problems"]?.elements ?? []).map(Show.text)
            let lines = problems.isEmpty ? [Show.text(answer["text"])] : problems
            let isContent = contentResults.contains(result)
            throw Failure(
                isContent ? .dataError : .unavailable,
                ["\(result): \(lines[0])"] + lines.dropFirst() + ["nothing was changed"])
        }
        guard !output.wantsJSON else { return .ok }
        let version = answer["version"].map { "version \(Show.text($0)): " } ?? ""
        try output.print("\(version)\(result), \(Show.text(answer["text"]))")
        guard let changes = answer["changes"] else { return .ok }
        try output.print(changes.members?.isEmpty == false ? lines(changes) : ["nothing differs"])
        return .ok
    }

    /// What is said of a catalog or of a version; everything else is about the service.
    private static let contentResults = [
        "unsigned", "wrong-signature", "oversize", "malformed", "wrong-hub", "older-version",
        "reused-version", "missing",
    ]

    /// `+ zone id`, `- zone id`, `~ zone id`, by kind.
    private static func lines(_ changes: JSONValue) -> [String] {
        let signs = [("added", "+"), ("removed", "-"), ("changed", "~")]
        return (changes.members ?? []).flatMap { kind in
            signs.flatMap { verb, sign -> [String] in
                let ids = kind.value[verb]?.elements ?? []
                let count = kind.value[verb + "Count"]?.number?.integer(as: Int.self) ?? ids.count
                guard count > 0 else { return [] }
                let rest = count - ids.count
                return ["\(kind.key): \(count) \(verb)"]
                    + ids.map { "  \(sign) \(Show.text($0))" }
                    + (rest > 0 ? ["  and \(rest) more"] : [])
            }
        }
    }
}
