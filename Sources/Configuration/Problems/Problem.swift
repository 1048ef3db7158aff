/// One thing that is wrong in a configuration file: where, what is there, and what should be.
public struct Problem: Error, Hashable, Sendable {
    /// The file.
    public var file: String
    /// The line, from 1; nil when the problem is one of the whole file.
    public var line: Int?
    /// The column, from 1, in Unicode scalars; nil where only the line is known.
    public var column: Int?
    /// What is wrong, as `campaigns[12].where.zones[0]`; a column's name in CSV; empty for the
    /// whole file.
    public var keyPath: String
    /// What is there.
    public var found: String
    /// What was expected; empty when `found` says it all.
    public var expected: String

    /// Makes a problem.
    public init(
        file: String, line: Int? = nil, column: Int? = nil, keyPath: String = "", found: String,
        expected: String
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.keyPath = keyPath
        self.found = found
        self.expected = expected
    }
}

extension Problem: CustomStringConvertible {
    /// `file:line:column: key.path[index]: what is there, expected what was expected`.
    public var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if line != nil, let column { text += ":\(column)" }
        text += ": "
        if !keyPath.isEmpty { text += keyPath + ": " }
        text += found
        if !expected.isEmpty { text += ", expected " + expected }
        return text
    }
}

/// Everything that is wrong in one set of files, in the order of files and lines.
public struct Problems: Error, Hashable, Sendable {
    /// How many are listed; somebody who has more to mend begins with these.
    public static let maximum = 1_000

    /// The problems, at most `maximum`.
    public private(set) var list: [Problem]
    /// How many more there are.
    public private(set) var omitted = 0

    /// Makes a list.
    public init(_ list: [Problem] = []) {
        self.list = Array(list.prefix(Problems.maximum))
        omitted = list.count - self.list.count
    }

    /// Whether nothing is wrong.
    public var isEmpty: Bool { list.isEmpty }

    /// Adds a problem; it is only made when there is room.
    mutating func append(_ problem: @autoclosure () -> Problem) {
        if list.count < Problems.maximum {
            list.append(problem())
        } else {
            omitted += 1
        }
    }

    /// Puts problems in the order in which somebody mends them: file by file, from the top.
    mutating func sort(files: [String]) {
        let order = Dictionary(
            files.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: min)
        func place(_ problem: Problem) -> (Int, Int, Int) {
            (order[problem.file] ?? -1, problem.line ?? 0, problem.column ?? 0)
        }
        list = list.enumerated().sorted { left, right in
            let places = (place(left.element), place(right.element))
            return places.0 == places.1 ? left.offset < right.offset : places.0 < places.1
        }.map(\.element)
    }
}

extension Problems: CustomStringConvertible {
    /// One problem a line, and how many more there are.
    public var description: String {
        let lines = list.map(\.description)
        return (lines + (omitted > 0 ? ["and \(omitted) more problems"] : []))
            .joined(separator: "\n")
    }
}
