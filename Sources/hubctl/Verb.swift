import EventLoop

/// One thing hubctl can do: one file in Verbs.
protocol Verb {
    /// The word on the command line.
    static var name: String { get }
    /// What it does, in half a line.
    static var summary: String { get }
    /// What follows the verb, such as `AREA HEX`.
    static var operands: String { get }
    /// Its own options, beside the common ones.
    static var options: [Arguments.Option] { get }
    /// More lines for its help: forms, examples, exit codes.
    static var details: [String] { get }

    @Hub static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode
}

extension Verb {
    static var operands: String { "" }
    static var options: [Arguments.Option] { [] }
    static var details: [String] { [] }

    static var help: [String] {
        let usage = ["hubctl", name, operands, "[OPTION …]"].filter { !$0.isEmpty }
        var lines = ["Usage: " + usage.joined(separator: " "), "", summary + ".", "", "Options:"]
        lines += optionLines(options + Arguments.common)
        if !details.isEmpty { lines += [""] + details }
        return lines
    }

    /// Checks the number of operands; hubctl never ignores a word it was given.
    static func expect(_ words: [String], _ count: ClosedRange<Int>) throws(Failure) {
        guard words.count < count.lowerBound else {
            guard let extra = words.dropFirst(count.upperBound).first else { return }
            throw Failure(
                .usage, "\(name): unexpected word \(quoted(extra)); see hubctl \(name) --help")
        }
        throw Failure(
            .usage,
            "\(name): expected \(operands.isEmpty ? "nothing" : operands); see hubctl \(name) --help"
        )
    }
}

/// Aligned lines that explain options.
func optionLines(_ options: [Arguments.Option]) -> [String] {
    let names = options.map { option in
        option.value.map { "\(option.name)=\($0)" } ?? option.name
    }
    let width = names.map(DisplayWidth.of).max() ?? 0
    return zip(names, options).map { name, option in
        "  " + DisplayWidth.pad(name, to: width, rightAligned: false) + "  " + option.help
    }
}
