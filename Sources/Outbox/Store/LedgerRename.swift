/// A hub that got another id (decision 20).
extension Ledger {
    /// Tells, when the newest event happened under another id, up to which number every sink has had
    /// its events: a service that counts them by hub gets none of these under the present id.
    ///
    /// What waits leaves under the present id, so there is nothing to tell of it.
    func noteRename(at now: EventTime) throws(DatabaseError) {
        let newest = try database.number("SELECT hub FROM event ORDER BY sequence DESC LIMIT 1")
        let delivered = cursors.isEmpty ? 0 : deliveredThrough
        guard newest != 0, newest != hubNumber, delivered > 0 else { return }
        let notice = try accounted { counts throws(DatabaseError) in
            let told = Event.dropped(
                ranges: [1...delivered], count: nil, reason: "renamed", at: now)
            counts.add(committed: [told])
            return try insert([told], after: lastSequence, at: now)
        }
        advance(past: notice)
        notices += notice
    }
}
