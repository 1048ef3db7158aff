/// A hub that got another id (decision 20).
extension Ledger {
    /// The state that holds the id once it has changed, behind the number up to which a sink may have had
    /// events under another.
    private static let hubKey = "outbox.hub"

    /// Tells, when the hub has got another id, up to which number every sink has had its events: a
    /// service that counts them by hub gets none of these under the present id.
    ///
    /// What waits leaves under the present id, so there is nothing to tell of it.
    func noteRename(at now: EventTime) throws(DatabaseError) {
        guard try isRenamed() else { return }
        let delivered = cursors.isEmpty ? 0 : deliveredThrough
        let told =
            delivered > 0
            ? [Event.dropped(ranges: [1...delivered], count: nil, reason: "renamed", at: now)] : []
        let farthest = cursors.values.map { max($0.sequence, $0.express) }.max() ?? 0
        let notice = try accounted { counts throws(DatabaseError) in
            try apply(StateChange(key: Self.hubKey, value: Array("\(farthest) \(hub)".utf8)))
            counts.add(committed: told)
            return try insert(told, after: lastSequence, at: now)
        }
        advance(past: notice)
        notices += notice
    }

    /// Up to this number a sink may have had events under another id.
    func renamedThrough() throws(DatabaseError) -> Int64 { try lastRename()?.through ?? 0 }

    /// Whether the id is another than the one that was noted last, or than that of the newest event.
    private func isRenamed() throws(DatabaseError) -> Bool {
        if let known = try lastRename() { return known.hub != hub }
        let newest = try database.number("SELECT hub FROM event ORDER BY sequence DESC LIMIT 1")
        return newest != 0 && newest != hubNumber
    }

    private func lastRename() throws(DatabaseError) -> (through: Int64, hub: String)? {
        guard let value = try state(prefix: Self.hubKey)[Self.hubKey] else { return nil }
        let words = String(decoding: value, as: UTF8.self).split(separator: " ", maxSplits: 1)
        return (words.first.flatMap { Int64($0) } ?? 0, words.count > 1 ? String(words[1]) : "")
    }
}
