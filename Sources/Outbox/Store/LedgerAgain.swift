/// Delivering once more what is still kept.
extension Ledger {
    /// Makes the kept events from a number on wait for a sink again, also those it would not have.
    ///
    /// They are due to it anew: what became of them before stays counted.
    ///
    /// - Returns: how many wait now that did not; nil when there is no such sink.
    func deliverAgain(_ sink: String, from first: Int64) throws(DatabaseError) -> Int64? {
        guard let before = cursors[sink] else { return nil }
        var after = before
        after.sequence = min(before.sequence, first - 1)
        after.express = min(before.express, first - 1)
        let waiting = try waiting(behind: after)
        let more = try waiting - self.waiting(behind: before)
        let place = after
        try accounted { counts throws(DatabaseError) in
            try database.prepare("DELETE FROM rejected WHERE sink = ?1 AND sequence >= ?2")
                .run(.text(sink), .integer(first))
            // What it would not have was due, and waits; the others are due once more.
            counts.sinks[sink] = SinkAccount(base: more - Int64(database.changes))
            try write(place, of: sink)
        }
        cursors[sink] = after
        depths[sink] = Int(waiting)
        // What was delivered gave way before all else; now it is looked for again.
        lookAgain()
        return more
    }

    /// The kept events in a service's gaps that count as delivered to its sink.
    ///
    /// Left out is what the service was never to have: events that it would not have, as many as
    /// were given up, and those from before there was the sink. Every notice of what will not come,
    /// as far as it names numbers up to `last`, is with the service.
    func missed(
        by sink: String, in gaps: [ClosedRange<Int64>], through last: Int64
    ) throws(DatabaseError) -> MissedEvents? {
        guard let account = accounts[sink], let cursor = cursors[sink] else { return nil }
        let due = max(firstDue(account), try renamedThrough() + 1)
        let end = min(last, cursor.sequence)
        let rows = try database.prepare(
            """
            SELECT sequence FROM event WHERE sequence BETWEEN ?1 AND ?2
              AND NOT EXISTS (SELECT 1 FROM rejected
                WHERE rejected.sequence = event.sequence AND rejected.sink = ?3)
            ORDER BY sequence LIMIT ?4
            """)
        var found: [Int64] = []
        for gap in gaps where gap.upperBound >= due && gap.lowerBound <= end {
            defer { rows.reset() }
            var isRow = try rows.first(
                .integer(max(gap.lowerBound, due)), .integer(min(gap.upperBound, end)),
                .text(sink), .integer(Int64(MissedEvents.most - found.count)))
            while isRow {
                found.append(rows.integer(0))
                isRow = try rows.step()
            }
        }
        guard let first = found.first, found.count > account.givenUp else { return nil }
        return MissedEvents(count: found.count, first: first)
    }

    /// The first number that a sink was to have, or a later one.
    ///
    /// When it was configured, `base` was what waited for it less all that had a number; so `-base`
    /// is at least how many had one before.
    private func firstDue(_ account: SinkAccount) -> Int64 {
        count(.earlier) + count(.skipped) - account.base + 1
    }
}
