/// A value as it stands in a document: with the place of every part, for clear errors.
public struct JSONNode: Hashable, Sendable {
    /// The value of a node.
    public enum Content: Hashable, Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// A number, as its decimal text.
        case number(JSONNumber)
        /// Text.
        case string(String)
        /// A list.
        case array([JSONNode])
        /// Members in document order; no key is there twice.
        case object([Member])
    }

    /// One name and value of an object.
    public struct Member: Hashable, Sendable {
        /// The value.
        public let node: JSONNode
        /// The name.
        public let key: String
        /// Where the name stands.
        public let keyPosition: JSONPosition

        /// Makes a member.
        public init(key: String, keyPosition: JSONPosition, node: JSONNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.node = node
        }
    }

    // In this order a node takes 32 bytes and a member 64; the other way round 40 and 72.

    /// The value.
    public let content: Content
    /// Where the value begins.
    public let position: JSONPosition

    /// Makes a node.
    public init(position: JSONPosition, content: Content) {
        self.position = position
        self.content = content
    }

    /// The node of an object's member; nil when there is none or this is no object.
    public subscript(key: String) -> JSONNode? {
        guard case .object(let members) = content else { return nil }
        let count = key.utf8.count
        for index in members.indices
        where members[index].key.utf8.count == count && members[index].key == key {
            return members[index].node
        }
        return nil
    }

    /// The node of a list's place; nil when there is none or this is no list.
    public subscript(index: Int) -> JSONNode? {
        guard case .array(let nodes) = content, nodes.indices.contains(index) else { return nil }
        return nodes[index]
    }

    /// The value without places.
    public var value: JSONValue {
        switch content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members): .object(members.map { .init($0.key, $0.node.value) })
        }
    }

    /// This document with another laid over it: objects merge by key, anything else is replaced.
    ///
    /// Every part keeps the place it comes from.
    public func overlaid(with other: JSONNode) -> JSONNode {
        guard case .object(var members) = content, case .object(let over) = other.content else {
            return other
        }
        for member in over {
            if let index = members.firstIndex(where: { $0.key == member.key }) {
                let merged = members[index].node.overlaid(with: member.node)
                members[index] = Member(
                    key: member.key, keyPosition: member.keyPosition, node: merged)
            } else {
                members.append(member)
            }
        }
        return JSONNode(position: position, content: .object(members))
    }
}
