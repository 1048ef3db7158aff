/// What is given up with a sink that is no longer configured.
public struct AbandonedBacklog: Sendable, Equatable {
    /// The sink, by its kind and address.
    public var sink: String
    /// Events that it had not got, and that go to no other sink in its place.
    public var waiting: Int
    /// Events that it would not have, and that nobody had sent again or given up.
    public var rejected: Int
}

/// Sinks that come and go with the configuration.
extension Ledger {
    /// Makes the sinks those of the configuration.
    ///
    /// A sink that is gone loses its cursor, so its backlog no longer holds events back. A new one
    /// starts where the sink that was furthest behind stands, before those that are gone are
    /// forgotten: a sink that moved to another address takes over what the old address has not got,
    /// one beside the others gets all that is behind that place. What the old address would not have
    /// is sent to the new one. The first sink of all gets every event that is still kept.
    ///
    /// - Returns: what no sink gets for it.
    @discardableResult
    func setSinks(_ names: [String]) throws(DatabaseError) -> [AbandonedBacklog] {
        let gone = cursors.keys.filter { !names.contains($0) }.sorted()
        let added = names.filter { cursors[$0] == nil }
        guard !gone.isEmpty || !added.isEmpty else { return [] }
        let furthest = cursors.values.map(\.sequence).min() ?? 0
        // What overtook at every address need not come again where one of them moved.
        let overtaken = cursors.values.map(\.express).min() ?? 0
        let heirs = gone.reduce(into: [:]) { $0[$1] = Self.heir(of: $1, among: added) }
        let starts = added.reduce(into: [String: Cursor]()) { starts, name in
            starts[name] = Cursor(
                sequence: furthest, place: 0,
                express: heirs.values.contains(name) ? overtaken : 0)
        }
        let abandoned = try database.transaction { () throws(DatabaseError) in
            var abandoned: [AbandonedBacklog] = []
            for name in gone {
                let heir = heirs[name]
                // Without an heir it is the one that gets the most of all that waits.
                let next =
                    heir.flatMap { starts[$0] } ?? starts.values.min { $0.express < $1.express }
                if let next { try forget(rejectedBy: name, behind: next) }
                if let heir { try hand(rejectedBy: name, to: heir) }
                let given = AbandonedBacklog(
                    sink: name, waiting: added.isEmpty ? depths[name] ?? 0 : 0,
                    rejected: Int(try rejected(by: name)))
                if given.waiting + given.rejected > 0 { abandoned.append(given) }
                try forget(sink: name)
            }
            for (name, start) in starts { try begin(sink: name, at: start) }
            return abandoned
        }
        lookAgain()
        for name in gone {
            cursors[name] = nil
            depths[name] = nil
            accounts[name] = nil
        }
        try loadSinks()
        return abandoned
    }

    /// The new sink that has taken the place of one that is gone: the only one, or the only one of
    /// its kind.
    private static func heir(of name: String, among added: [String]) -> String? {
        let kind = name.prefix { $0 != ":" } + ":"
        let alike = added.filter { $0.hasPrefix(kind) }
        if alike.count == 1 { return alike[0] }
        return added.count == 1 ? added[0] : nil
    }

    /// What waits for the new ones all the same need not be handed on.
    private func forget(rejectedBy name: String, behind start: Cursor) throws(DatabaseError) {
        try database.prepare(
            """
            DELETE FROM rejected WHERE sink = ?1 AND sequence > ?2 AND NOT (sequence <= ?3
              AND EXISTS (SELECT 1 FROM event
                WHERE event.sequence = rejected.sequence AND event.class = 0))
            """
        ).run(.text(name), .integer(start.sequence), .integer(start.express))
    }

    /// What one sink would not have is sent to another.
    private func hand(rejectedBy name: String, to heir: String) throws(DatabaseError) {
        try database.prepare("UPDATE OR IGNORE rejected SET sink = ?2, retry = 1 WHERE sink = ?1")
            .run(.text(name), .text(heir))
        // What two would not have is sent to their heir once.
        try database.prepare(
            """
            DELETE FROM rejected WHERE sink = ?1
              AND sequence IN (SELECT sequence FROM rejected WHERE sink = ?2)
            """
        ).run(.text(name), .text(heir))
    }

    private func forget(sink name: String) throws(DatabaseError) {
        try database.prepare("DELETE FROM sink WHERE name = ?1").run(.text(name))
        try database.prepare("DELETE FROM rejected WHERE sink = ?1").run(.text(name))
    }

    private func begin(sink name: String, at start: Cursor) throws(DatabaseError) {
        let base = try waiting(behind: start) + rejected(by: name) - committed
        try database.prepare(
            "INSERT INTO sink (name, cursor, place, express, base) VALUES (?1, ?2, 0, ?3, ?4)"
        ).run(.text(name), .integer(start.sequence), .integer(start.express), .integer(base))
    }
}
