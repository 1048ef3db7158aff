/// A hub that got another id (decision 20).
extension Ledger {
    /// The state that holds the id once it has changed.
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
        let notice = try accounted { counts throws(DatabaseError) in
            try apply(StateChange(key: Self.hubKey, value: Array(hub.utf8)))
            counts.add(committed: told)
            return try insert(told, after: lastSequence, at: now)
        }
        advance(past: notice)
        notices += notice
    }

    /// Whether the id is another than the one that was noted last, or than that of the newest event.
    private func isRenamed() throws(DatabaseError) -> Bool {
        if let known = try state(prefix: Self.hubKey)[Self.hubKey] {
            return !known.elementsEqual(hub.utf8)
        }
        let newest = try database.number("SELECT hub FROM event ORDER BY sequence DESC LIMIT 1")
        return newest != 0 && newest != hubNumber
    }
}
