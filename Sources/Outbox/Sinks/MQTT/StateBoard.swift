internal import Synchronization

/// What others are to know of the hub's state: the latest of each thing, for sinks that keep it.
///
/// A sink that serves state (of kind mqtt) publishes it as retained messages, and again after each
/// new connection. Nothing is kept here beyond the latest; from any thread, never blocking.
public final class StateBoard: Sendable {
    /// The most things whose state is kept.
    public static let mostTopics = 2_000
    /// The longest document, in bytes.
    public static let longest = 64 * 1_024
    /// The longest name, in bytes.
    public static let longestName = 256

    fileprivate struct Content: Sendable {
        var hub: [UInt8] = []
        var documents: [String: (change: UInt64, text: [UInt8])] = [:]
        var change: UInt64 = 1
        var hubChange: UInt64 = 0
        var refused = 0
        var listeners: [ObjectIdentifier: @Sendable () -> Void] = [:]
    }

    private let content = Mutex(Content())

    /// Makes an empty board.
    init() {}

    /// States that were refused: too many, or too long.
    public var refused: Int { content.withLock(\.refused) }

    /// Sets what is told of the hub itself beside that it is online.
    ///
    /// - Parameter members: the members of a JSON object, without its braces:
    ///   `"version":"0.1.0"`.
    /// - Returns: whether it was taken.
    @discardableResult
    public func setHub(_ members: [UInt8]) -> Bool {
        guard members.count <= Self.longest else {
            content.withLock { $0.refused += 1 }
            return false
        }
        change { content in
            guard content.hub != members else { return false }
            content.hub = members
            content.change += 1
            content.hubChange = content.change
            return true
        }
        return true
    }

    /// Sets the state of a thing.
    ///
    /// - Parameters:
    ///   - name: the end of its topic: `devices/bp-7/state`.
    ///   - document: JSON; nil takes it back, also from where it was published to.
    /// - Returns: whether it was taken: no when it is too long, when its name has a wildcard, and
    ///   when there are too many.
    @discardableResult
    public func set(_ name: String, _ document: [UInt8]?) -> Bool {
        let bytes = document ?? []
        let isNamed =
            (1...Self.longestName).contains(name.utf8.count)
            && !name.utf8.contains { $0 < 0x20 || "+#".utf8.contains($0) }
        var isTaken = false
        change { content in
            guard isNamed, bytes.count <= Self.longest,
                content.documents[name] != nil || content.makeRoom()
            else {
                content.refused += 1
                return false
            }
            isTaken = true
            if let known = content.documents[name], known.text == bytes { return false }
            if document == nil, content.documents[name] == nil { return false }
            content.change += 1
            content.documents[name] = (content.change, bytes)
            return true
        }
        return isTaken
    }

    private func change(_ body: (inout Content) -> Bool) {
        let listeners = content.withLock { content in
            body(&content) ? Array(content.listeners.values) : []
        }
        for listener in listeners { listener() }
    }

    // MARK: For sinks

    /// What is told of the hub.
    var hub: [UInt8] { content.withLock(\.hub) }

    /// The number of the last change; each has a higher one.
    var lastChange: UInt64 { content.withLock(\.change) }

    /// The names of what has changed after a change, in the order of their changes, and whether
    /// what is told of the hub has.
    func changes(after change: UInt64) -> (hub: Bool, names: [String]) {
        content.withLock { content in
            let changed = content.documents.filter { $0.value.change > change }
            return (
                content.hubChange > change,
                changed.sorted { $0.value.change < $1.value.change }.map(\.key)
            )
        }
    }

    /// The latest of a thing; empty when it was taken back, nil when it is not known any more.
    func document(_ name: String) -> [UInt8]? {
        content.withLock { $0.documents[name]?.text }
    }

    /// Calls a closure after each change, from the thread that made it, until it is taken back.
    func listen(_ owner: ObjectIdentifier, _ body: (@Sendable () -> Void)?) {
        content.withLock { $0.listeners[owner] = body }
    }
}

extension StateBoard.Content {
    /// Room for one more: the oldest of those that were taken back goes.
    fileprivate mutating func makeRoom() -> Bool {
        guard documents.count >= StateBoard.mostTopics else { return true }
        let gone = documents.filter { $0.value.text.isEmpty }.min {
            $0.value.change < $1.value.change
        }
        guard let gone else { return false }
        documents[gone.key] = nil
        return true
    }
}
