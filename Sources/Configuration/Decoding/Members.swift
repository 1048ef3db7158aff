import JSON

/// Reading objects and lists.
extension Decoding {
    /// Whether a value is an object; reports when it is not, and every key it should not have.
    mutating func isObject(_ node: JSONNode, keys: [String]) -> Bool {
        guard case .object(let members) = node.content else {
            reject(node, "an object with \(Decoding.list(keys))")
            return false
        }
        for member in members where !keys.contains(member.key) {
            report(
                at: member.keyPosition, under: [.key(member.key)], "unknown key",
                Decoding.list(keys) + Suggestion.question(member.key, keys))
        }
        return true
    }

    /// A member that must be there; `expected` says what, when it is not.
    mutating func required<Value>(
        _ key: String, of node: JSONNode, _ expected: String,
        _ read: (inout Decoding, JSONNode) -> Value?
    ) -> Value? {
        guard let member = Decoding.member(key, of: node) else {
            report(at: node.position, under: [.key(key)], "missing", expected)
            return nil
        }
        return within(.key(key)) { read(&$0, member) }
    }

    /// A member that may be there; `null` is as if it were not.
    mutating func optional<Value>(
        _ key: String, of node: JSONNode, _ read: (inout Decoding, JSONNode) -> Value?
    ) -> Value? {
        guard let member = Decoding.member(key, of: node) else { return nil }
        return within(.key(key)) { read(&$0, member) }
    }

    /// The elements of a list that can be read.
    ///
    /// - Parameters:
    ///   - node: the list.
    ///   - limit: how many there may be; with more, none is read.
    ///   - things: what they are, for the message.
    ///   - read: reads one.
    /// - Returns: nil when it is no list or too long.
    mutating func list<Value>(
        _ node: JSONNode, limit: Int, of things: String,
        _ read: (inout Decoding, JSONNode) -> Value?
    ) -> [Value]? {
        guard case .array(let nodes) = node.content else {
            reject(node, "a list of \(things)")
            return nil
        }
        guard nodes.count <= limit else {
            report(at: node.position, "\(nodes.count) \(things)", "at most \(limit)")
            return nil
        }
        var values: [Value] = []
        values.reserveCapacity(nodes.count)
        for (index, element) in nodes.enumerated() {
            if let value = within(.index(index), { read(&$0, element) }) { values.append(value) }
        }
        return values
    }

    /// Reports members that only make sense with another one.
    mutating func forbid(_ keys: [String], in node: JSONNode, _ expected: String) {
        for key in keys {
            guard let member = Decoding.member(key, of: node) else { continue }
            report(
                at: member.position, under: [.key(key)], Decoding.name(of: member),
                "no \"\(key)\" \(expected)")
        }
    }

    /// Reports a member whose value an earlier element of the same list has already.
    mutating func checkUnique<Value: Hashable>(
        _ value: Value, _ text: String, as key: String, of node: JSONNode,
        in seen: inout [Value: JSONPosition], _ expected: String
    ) {
        guard let first = seen[value] else {
            seen[value] = node.position
            return
        }
        report(
            at: node[key]?.position ?? node.position, under: [.key(key)],
            "\(Decoding.quoted(text)) a second time", "\(expected) (first at \(first))")
    }

    private static func member(_ key: String, of node: JSONNode) -> JSONNode? {
        guard let member = node[key] else { return nil }
        if case .null = member.content { return nil }
        return member
    }

    /// `"a", "b" or "c"`.
    static func list(_ words: [String]) -> String {
        let quoted = words.map { "\"\($0)\"" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "nothing" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
