import Configuration

/// What a start has to work with: the files as they are, or when they are broken the last good ones.
struct Start {
    let loaded: Loaded
    /// The files, to keep a copy of; nil when `loaded` is that copy.
    let sources: Sources?
    /// What is wrong with the files.
    let problem: HubProblem?

    /// Reads the files and tells the journal what is wrong with them.
    ///
    /// - Returns: nil when they are broken and there is no good copy.
    init?(config: String, journal: Journal) {
        do throws(Problems) {
            let sources = try Sources(reading: config)
            loaded = try Loaded(sources)
            self.sources = sources
            problem = nil
        } catch {
            journal.refuse(error)
            guard let copy = LastGood.find(config), let good = Self.load(copy) else { return nil }
            journal.warning(
                "\(config): broken; starting with the copy of the last good configuration",
                .lastGoodTaken)
            loaded = good
            sources = nil
            problem = .configuration("\(error)".split(separator: "\n").map(String.init))
        }
    }

    /// What was pulled after the copy was made is newer than the copy's catalog.
    private static func load(_ copy: Sources) -> Loaded? {
        let pulled = copy.withPulledCatalog.flatMap { try? Loaded($0, isCopy: true) }
        return pulled ?? (try? Loaded(copy, isCopy: true))
    }
}

extension Journal {
    /// One line for each problem.
    func refuse(_ problems: Problems) {
        for problem in problems.list { error("\(problem)", .configurationRefused) }
        if problems.omitted > 0 { error("and \(problems.omitted) more problems") }
    }
}

extension HubProblem {
    static let configurationMend = "mend it, then systemctl reload hubd"

    /// The files are not what is in force; the first of their problems stands for all.
    static func configuration(
        _ lines: [String], mend: String? = configurationMend
    ) -> HubProblem {
        let more = lines.count > 1 ? "; \(lines.count - 1) more, see journalctl -u hubd" : ""
        return HubProblem(
            part: "configuration",
            text: (lines.first ?? "broken") + more + "; the last good one is in force"
                + (mend.map { "; \($0)" } ?? ""))
    }
}
