import JSON

/// One step from a document's root to a value.
enum PathElement: Hashable, Sendable {
    case key(String)
    case index(Int)
}

/// The state of reading documents: where the reading is, and what was wrong so far.
///
/// Readers return nil for what they cannot use and go on; that something was reported is what
/// makes the whole document refused in the end. So one run finds everything.
struct Decoding: Sendable {
    private(set) var problems = Problems()
    /// The files, by the document number of a position.
    private(set) var files: [String] = []
    fileprivate(set) var path: [PathElement] = []

    /// Adds a file and gives it a number.
    mutating func open(_ file: String) -> UInt16 {
        files.append(file)
        return UInt16(clamping: files.count - 1)
    }

    /// Reads a file's text; nil after a syntax error.
    mutating func parse(_ file: SourceFile) -> JSONNode? {
        let reader = JSONReader(.json5, document: open(file.name))
        do throws(JSONSyntaxError) {
            return try reader.read(file.bytes)
        } catch {
            report(at: error.position, error.found, error.expected)
            return nil
        }
    }

    /// Reports a problem at a place, under the present path and some steps more.
    mutating func report(
        at position: JSONPosition, under inner: [PathElement] = [],
        _ found: @autoclosure () -> String,
        _ expected: @autoclosure () -> String
    ) {
        report(at: position, path: path + inner, found(), expected())
    }

    /// Reports a problem at a place, under a path of its own.
    mutating func report(
        at position: JSONPosition, path: [PathElement], _ found: @autoclosure () -> String,
        _ expected: @autoclosure () -> String
    ) {
        let file =
            files.indices.contains(Int(position.document)) ? files[Int(position.document)] : ""
        problems.append(
            Problem(
                file: file, line: position.line > 0 ? Int(position.line) : nil,
                column: position.column > 0 ? Int(position.column) : nil,
                keyPath: Decoding.text(path), found: found(), expected: expected()))
    }

    /// Reports that a value is not what it should be.
    mutating func reject(_ node: JSONNode, _ expected: @autoclosure () -> String) {
        report(at: node.position, Decoding.name(of: node), expected())
    }

    /// Takes over problems found elsewhere.
    mutating func add(_ problem: Problem) {
        problems.append(problem)
    }

    /// Throws what was found, in order; returns when nothing was.
    consuming func check() throws(Problems) {
        guard !problems.isEmpty else { return }
        problems.sort(files: files)
        throw problems
    }

    /// Reads something one step deeper.
    mutating func within<Value>(
        _ element: PathElement, _ body: (inout Decoding) -> Value
    ) -> Value {
        path.append(element)
        defer { path.removeLast() }
        return body(&self)
    }

    /// `campaigns[12].where.zones[0]`.
    static func text(_ path: [PathElement]) -> String {
        path.reduce(into: "") { text, element in
            switch element {
            case .key(let key): text += (text.isEmpty ? "" : ".") + printable(key, limit: 64)
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// What a problem calls a value that is there.
    static func name(of node: JSONNode) -> String {
        switch node.content {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): printable(number.text, limit: 40)
        case .string(let text): quoted(text)
        case .array(let nodes): nodes.isEmpty ? "an empty list" : "a list"
        case .object: "an object"
        }
    }

    /// A text in quotes, cut to what a line can bear.
    static func quoted(_ text: String) -> String { "\"\(printable(text, limit: 60))\"" }

    /// A text with what cannot be seen written as U+XXXX, cut to so many scalars.
    static func printable(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars
        let head = scalars.prefix(limit).reduce(into: "") { result, scalar in
            if isVisible(scalar) || scalar == " " {
                result.unicodeScalars.append(scalar)
            } else {
                result += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            }
        }
        return scalars.dropFirst(limit).isEmpty ? head : head + "…"
    }

    /// Whether a scalar leaves a mark on paper: no control, format, space or unassigned one.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value > 0x20 && scalar.value < 0x7f }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            false
        default: true
        }
    }
}

extension Decoding {
    /// Goes some steps deeper, until `leave`.
    mutating func enter(_ elements: PathElement...) {
        path += elements
    }

    /// Goes back up.
    mutating func leave(_ count: Int) {
        path.removeLast(min(count, path.count))
    }
}
