/// The words of a command line, taken apart by what a verb declares.
struct Arguments {
    /// One option of a verb.
    struct Option {
        let name: String
        /// What stands for the value in the help text; nil for a switch.
        let value: String?
        let help: String
        var repeats = false

        /// A switch.
        init(_ name: String, _ help: String) {
            self.name = name
            self.value = nil
            self.help = help
        }

        /// An option with a value.
        init(_ name: String, _ value: String, repeats: Bool = false, _ help: String) {
            self.name = name
            self.value = value
            self.help = help
            self.repeats = repeats
        }
    }

    /// Options that every verb takes.
    static let common = [
        Option("--json", "print one JSON document (or one a line for streams)"),
        Option("--bus", "BUS", "system (default), session, or a D-Bus address"),
        Option("--help", "show this help"),
    ]

    /// The words that are not options, in order.
    private(set) var words: [String] = []
    private var values: [String: [String]] = [:]

    /// Takes `text` apart; options may stand anywhere before a `--`.
    init(_ text: [String], options: [Option]) throws(Failure) {
        let known = options + Self.common
        var rest = text[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                return
            }
            guard word.hasPrefix("-"), word != "-", !Self.isNumber(word) else {
                words.append(word)
                continue
            }
            try take(word, &rest, known)
        }
    }

    /// Whether a switch is there.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The value of an option; nil when it is not there.
    func value(_ name: String) -> String? { values[name]?.last }

    /// All values of an option that may be repeated.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// A whole number of at least `minimum`.
    func number(_ name: String, minimum: Int) throws(Failure) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), number >= minimum else {
            throw Failure(
                .usage, "\(name): \(quoted(text)), expected a whole number of at least \(minimum)")
        }
        return number
    }

    private mutating func take(
        _ word: String, _ rest: inout ArraySlice<String>, _ known: [Option]
    ) throws(Failure) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0] == "-h" ? "--help" : String(parts[0])
        guard let option = known.first(where: { $0.name == name }) else {
            let near = nearest(name, among: known.map(\.name)).map { "; did you mean \($0)?" } ?? ""
            throw Failure(.usage, "unknown option \(quoted(name))\(near)")
        }
        if option.value == nil {
            guard parts.count == 1 else {
                throw Failure(.usage, "\(name) takes no value, but has \(quoted(String(parts[1])))")
            }
            values[name] = [""]
            return
        }
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
            throw Failure(.usage, "\(name) needs a value: \(name)=\(option.value ?? "")")
        }
        guard option.repeats || values[name] == nil else {
            throw Failure(.usage, "\(name) may stand only once")
        }
        values[name, default: []].append(value)
    }

    private static func isNumber(_ word: String) -> Bool {
        word.dropFirst().first?.isWholeNumber ?? false
    }
}

/// Text as a message shows it: in quotation marks, so that its ends are seen.
func quoted(_ text: String) -> String { "“\(text)”" }

/// The candidate nearest to a misspelt word, by Levenshtein distance of at most 2.
func nearest(_ word: String, among candidates: [String]) -> String? {
    candidates.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
        .filter { $0.1 <= 2 }
        .min { $0.1 < $1.1 }?.0
}

private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count <= 64 else { return .max }
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let substituted = diagonal + (a == b ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
