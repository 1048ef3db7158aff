/// Reads JSON5 or strict JSON into nodes that know their places.
///
/// JSON5 (spec.json5.org, version 1.0) is read whole but for two things: `NaN` and `Infinity` are
/// refused, because nothing hubd keeps or sends could carry them, and a hexadecimal number has at
/// most 64 bits. In both dialects the bytes are strict UTF-8, a key may be there only once, and
/// an escaped surrogate needs its partner.
///
/// The reader keeps its own stack, so no document makes it overflow; what a document may cost is
/// bounded by its size, which is the caller's to limit, and by the two limits here.
public struct JSONReader: Sendable {
    /// What is accepted.
    public enum Dialect: Sendable {
        /// JSON5: comments, unquoted keys, single quotes, trailing commas and so on.
        case json5
        /// JSON as RFC 8259 has it, and nothing else.
        case json
    }

    /// The highest `maximumDepth` that counts: nodes are released by recursion.
    public static let deepest = 512

    /// What is accepted.
    public var dialect: Dialect
    /// How many lists and objects may be inside one another.
    public var maximumDepth: Int
    /// How many values a document may have; one takes up to 64 bytes of memory,
    /// and text that is longer than 15 bytes its own length more.
    public var maximumValues: Int
    /// The number of the document, which every position repeats.
    public var document: UInt16

    /// Makes a reader; the depth is what a hand-written file never reaches.
    public init(
        _ dialect: Dialect, maximumDepth: Int = 16, maximumValues: Int = 1_000_000,
        document: UInt16 = 0
    ) {
        self.dialect = dialect
        self.maximumDepth = min(maximumDepth, JSONReader.deepest)
        self.maximumValues = maximumValues
        self.document = document
    }

    /// Reads one document.
    ///
    /// - Throws: the first fault.
    public func read(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONNode {
        var scanner = Scanner(bytes, self)
        try scanner.checkEncoding()
        return try scanner.document()
    }
}

extension JSONValue {
    /// Reads a document of strict JSON.
    ///
    /// - Throws: the first fault.
    public init(json bytes: [UInt8], maximumDepth: Int = 16) throws(JSONSyntaxError) {
        self = try JSONReader(.json, maximumDepth: maximumDepth).read(bytes).value
    }
}

/// A walk over the bytes of one document. The structure is here, the tokens in extensions.
struct Scanner {
    let bytes: [UInt8]
    let limits: JSONReader
    var offset = 0
    private var positions: PositionCounter
    private var valueCount = 0
    /// The elements of all containers that are not closed yet, the inner ones last: each container
    /// then gets a list of exactly its size.
    private var nodes: [JSONNode] = []
    private var members: [JSONNode.Member] = []

    init(_ bytes: [UInt8], _ limits: JSONReader) {
        self.bytes = bytes
        self.limits = limits
        positions = PositionCounter(document: limits.document)
    }

    var isStrict: Bool { limits.dialect == .json }

    /// The byte at the offset; 0 at the end (a NUL is no token either).
    var byte: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// The byte some places on; 0 beyond the end.
    func peek(_ distance: Int) -> UInt8 {
        offset + distance < bytes.count ? bytes[offset + distance] : 0
    }

    mutating func position(of offset: Int) -> JSONPosition {
        positions.position(of: offset, in: bytes)
    }

    /// An error at a byte offset.
    mutating func fault(at offset: Int, _ found: String, _ expected: String) -> JSONSyntaxError {
        JSONSyntaxError(position: position(of: offset), found: found, expected: expected)
    }

    /// A list or object that is not closed yet; its elements wait in `nodes` or `members`.
    private struct Container {
        let position: JSONPosition
        let isObject: Bool
        /// Where its elements begin.
        let start: Int
        var key = Key(text: "", position: JSONPosition(line: 0, column: 0))
        /// The keys so far, once there are too many to look at each.
        var seen: [[UInt8]: JSONPosition]?

        var closer: UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    struct Key {
        let text: String
        let position: JSONPosition

        /// Strings are equal when they look alike; keys only when they are the same scalars.
        func isSame(as other: String) -> Bool {
            text.utf8.count == other.utf8.count && text == other
                && text.utf8.elementsEqual(other.utf8)
        }
    }

    /// One value and nothing after it.
    mutating func document() throws(JSONSyntaxError) -> JSONNode {
        var open: [Container] = []
        try skipTrivia()
        while true {
            try countValue()
            var node: JSONNode
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                var container = try begin(depth: open.count)
                if byte != container.closer {
                    if container.isObject { try readKey(into: &container) }
                    open.append(container)
                    continue
                }
                offset += 1
                node = finish(container)
            } else {
                let position = position(of: offset)
                node = JSONNode(position: position, content: try scalar())
            }
            var isComplete = true
            while isComplete, let last = open.indices.last {
                if open[last].isObject {
                    let key = open[last].key
                    members.append(.init(key: key.text, keyPosition: key.position, node: node))
                } else {
                    nodes.append(node)
                }
                isComplete = try closes(&open[last])
                if isComplete { node = finish(open.removeLast()) }
            }
            if isComplete {
                try skipTrivia()
                guard offset == bytes.count else {
                    throw fault(at: offset, found(at: offset), "nothing after the value")
                }
                return node
            }
        }
    }

    /// An opening bracket, and what follows it up to the first element or the closing one.
    private mutating func begin(depth: Int) throws(JSONSyntaxError) -> Container {
        guard depth < limits.maximumDepth else {
            throw fault(
                at: offset, "more than \(limits.maximumDepth) levels of nesting",
                "a flatter document")
        }
        let isObject = byte == UInt8(ascii: "{")
        let container = Container(
            position: position(of: offset), isObject: isObject,
            start: isObject ? members.count : nodes.count)
        offset += 1
        try skipTrivia()
        return container
    }

    /// Takes the elements of a container out of those that wait.
    private mutating func finish(_ container: Container) -> JSONNode {
        let content: JSONNode.Content
        if container.isObject {
            content = .object(Array(members[container.start...]))
            members.removeSubrange(container.start...)
        } else {
            content = .array(Array(nodes[container.start...]))
            nodes.removeSubrange(container.start...)
        }
        return JSONNode(position: container.position, content: content)
    }

    /// Goes on after an element: true at the end of the container, false before the next value.
    private mutating func closes(_ container: inout Container) throws(JSONSyntaxError) -> Bool {
        try skipTrivia()
        if byte == container.closer {
            offset += 1
            return true
        }
        guard byte == UInt8(ascii: ",") else {
            let closer = container.isObject ? "}" : "]"
            throw fault(
                at: offset, found(at: offset),
                "\",\" or \"\(closer)\" (opened at \(container.position))")
        }
        let comma = offset
        offset += 1
        try skipTrivia()
        if byte == container.closer {
            guard !isStrict else {
                throw fault(at: comma, "a comma after the last element", "none in strict JSON")
            }
            offset += 1
            return true
        }
        if container.isObject { try readKey(into: &container) }
        return false
    }

    /// `key :`, up to the value.
    private mutating func readKey(into container: inout Container) throws(JSONSyntaxError) {
        let start = offset
        let key = Key(text: try keyText(), position: position(of: start))
        if let earlier = earlier(key, in: &container) {
            throw fault(
                at: start, "the key \"\(key.text)\" a second time",
                "it only once (first at \(earlier))")
        }
        container.key = key
        try skipTrivia()
        guard byte == UInt8(ascii: ":") else {
            throw fault(at: offset, found(at: offset), "\":\" after the key \"\(key.text)\"")
        }
        offset += 1
        try skipTrivia()
    }

    /// Where a key is already; a table takes over from looking at each when there are many.
    private func earlier(_ key: Key, in container: inout Container) -> JSONPosition? {
        let range = container.start..<members.count
        if range.count < 16 {
            for index in range where key.isSame(as: members[index].key) {
                return members[index].keyPosition
            }
            return nil
        }
        var seen = container.seen.take() ?? [:]
        if seen.isEmpty {
            for member in members[range] { seen[Array(member.key.utf8)] = member.keyPosition }
        }
        let earlier = seen.updateValue(key.position, forKey: Array(key.text.utf8))
        container.seen = seen
        return earlier
    }

    private mutating func countValue() throws(JSONSyntaxError) {
        valueCount += 1
        guard valueCount <= limits.maximumValues else {
            throw fault(
                at: offset, "more than \(limits.maximumValues) values", "a smaller document")
        }
    }
}
