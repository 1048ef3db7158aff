internal import CSQLite

/// Making room: the quota, the retention, and the full disk.
///
/// What goes first is what costs least: events that every sink has, then what `LedgerShed` drops.
/// Events of value never go; when only they are left, new ones are refused.
extension Ledger {
    /// How many pages the log may hold beyond the end of the database file (see `Reserve`).
    static let growthLimit: Int64 = 96
    /// Rows per deleting transaction: their pages fit in the reserve.
    static let trimBatch = 512
    /// With so many pages free it is not for want of pages that something is not written: twice what
    /// the largest request takes.
    static let plenty = Int64(2 * Intake.heaviest) / pageSize
    /// The most pages that notes may let the file have: an eighth of the quota more than the quota, or
    /// than it had when it was opened (a smaller quota, or a salvage, leaves it larger), and 2 MiB more
    /// where an eighth is less. Notes that a sink would not have a MiB of the smallest events take
    /// 1.5 MiB.
    static func pagesWithNotes(quota: Int64, opened: Int64) -> Int64 {
        max(quota, opened) + max(quota / 8, (2 << 20) / pageSize)
    }

    /// Writes, and makes room for it where there is none.
    ///
    /// Each round deletes events or frees pages, so there is an end to it. Notices of what was dropped
    /// are left in `notices`.
    func makingRoom<Result>(
        at now: EventTime, _ write: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        // Twice as much with each round: a request of the largest size is not tried a hundred times.
        var pages: Int64 = 1
        while true {
            do throws(DatabaseError) {
                let result = try write()
                try tendLog()
                return result
            } catch {
                guard error.kind == .full else { throw error }
                let isScarce = try database.number("PRAGMA freelist_count") < Self.plenty
                // With few pages of a file of full size it is the quota, until it proves not to be.
                let isWhole = try database.number("PRAGMA page_count") >= quotaPages
                let isQuota = isScarce && isWhole
                if !isQuota, relieve() { continue }
                guard isScarce, try gainRoom(&pages, at: now) else { throw error }
                try tendLog()
            }
        }
    }

    /// Deletes delivered events, or drops some; whether it is worth another try.
    private func gainRoom(
        _ pages: inout Int64, at now: EventTime
    ) throws(DatabaseError) -> Bool {
        do throws(DatabaseError) {
            guard try trimDelivered(limit: Self.trimBatch) == 0 else { return true }
            defer { pages *= 2 }
            return try shed(pages: pages, at: now)
        } catch {
            // There was no room for that either: it is the disk, though the quota is used up as well.
            guard error.kind == .full, relieve() else { throw error }
            return true
        }
    }

    /// Notes what became of an event. A store that is full of value only lets it pass as well: else the
    /// sink would not be heard that would not have one of them, and none could ever go.
    func noting<Result>(
        at now: EventTime, _ write: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        do throws(DatabaseError) {
            return try makingRoom(at: now, write)
        } catch {
            guard error.kind == .full, !isPinned else { throw error }
            return try beyondQuota(write)
        }
    }

    /// Lets the file grow a little beyond the quota, unless the disk is full.
    func beyondQuota<Result>(
        _ write: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        guard !isPinned else { return try write() }
        try database.execute("PRAGMA max_page_count = \(notePages)")
        // Below the present size it counts as the present size: only what is freed is used again.
        defer { try? database.execute("PRAGMA max_page_count = \(quotaPages)") }
        return try write()
    }

    /// Pages that hold something.
    func usedPages() throws(DatabaseError) -> Int64 {
        try database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count")
    }

    // MARK: The full disk

    /// The first thing to do when the disk, not the quota, is full: gives the reserve back, empties
    /// the log with it, and lets the file grow no more.
    ///
    /// - Returns: whether it was that, and is worth another try.
    private func relieve() -> Bool {
        guard !isPinned, !hasRoom else { return false }
        reserve.release()
        pin()
        try? checkpoint()
        return true
    }

    /// Whether pages are wanting, and not room on the disk.
    func isForWantOfPages(_ error: DatabaseError) -> Bool {
        error.kind == .full && (isPinned || hasRoom)
    }

    /// Whether the disk has room for any transaction; then it was the quota that a transaction of
    /// several pages did not fit in.
    private var hasRoom: Bool {
        let room = Reserve(path: path + "-room")
        // One that a crash left would be room that was there then.
        room.release()
        defer { room.release() }
        return room.take()
    }

    /// Takes the reserve again once there is space; until then the file does not grow.
    func restoreReserve() throws(DatabaseError) {
        if reserve.take() {
            if isPinned {
                try database.execute("PRAGMA max_page_count = \(quotaPages)")
                // What there was no room for may be possible now.
                lookAgain()
            }
            isPinned = false
        } else if !isPinned {
            pin()
        }
    }

    private func pin() {
        // A limit below the present size counts as the present size (SQLite, max_page_count).
        try? database.execute("PRAGMA max_page_count = 1")
        isPinned = true
    }

    /// Moves the log into the database file.
    func checkpoint(_ mode: String = "PASSIVE") throws(DatabaseError) {
        try database.execute("PRAGMA wal_checkpoint(\(mode))")
    }

    /// Empties the log when it holds too much that the file has no room for yet; while the disk is
    /// full always, so that the next transaction finds the log's own room free.
    private func tendLog() throws(DatabaseError) {
        let length = FileSystem.length(of: path) ?? 0
        let growth = try database.number("PRAGMA page_count") - length / Self.pageSize
        guard isPinned || growth > Self.growthLimit else { return }
        do throws(DatabaseError) {
            try checkpoint()
        } catch {
            // What was written is durable in the log all the same.
            guard error.kind == .full else { throw error }
            _ = relieve()
        }
    }

    // MARK: Delivered events

    /// The last event that every sink has.
    var deliveredThrough: Int64 { cursors.values.map(\.sequence).min() ?? lastSequence }

    /// Deletes the oldest events that every sink has, except rejected ones.
    ///
    /// - Returns: how many.
    func trimDelivered(limit: Int) throws(DatabaseError) -> Int {
        try trim(through: deliveredThrough, limit: limit)
    }

    private func trim(through sequence: Int64, limit: Int) throws(DatabaseError) -> Int {
        let deletion = try database.prepare(
            """
            DELETE FROM event WHERE sequence IN (
              SELECT sequence FROM event WHERE sequence <= ?1
                AND NOT EXISTS (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence)
              ORDER BY sequence LIMIT ?2)
            """)
        let count = try accounted { counts throws(DatabaseError) in
            try deletion.run(.integer(sequence), .integer(Int64(limit)))
            counts.add(database.changes, as: .retired)
            return database.changes
        }
        if count > 0 { try noteOldest() }
        return count
    }

    /// Deletes a batch of delivered events that are older than the retention, or that fill more
    /// than half of the quota.
    ///
    /// Age counts only while the clock can be trusted, and an event whose time cannot be trusted
    /// is as old as the next one whose time can.
    ///
    /// - Returns: how many; fewer than `trimBatch` when there is nothing more to do.
    func retire(olderThan retention: Int64, at now: EventTime) throws(DatabaseError) -> Int {
        if try usedPages() > quotaPages / 2 { return try trimDelivered(limit: Self.trimBatch) }
        guard now.isSynchronized else { return 0 }
        var last: Int64 = 0
        let rows = try database.prepare(
            """
            SELECT sequence, time FROM event WHERE sequence <= ?1 AND synchronized = 1
            ORDER BY sequence LIMIT ?2
            """)
        var isRow = try rows.first(.integer(deliveredThrough), .integer(Int64(Self.trimBatch)))
        while isRow, rows.integer(1) < now.unixNanoseconds - retention {
            last = rows.integer(0)
            isRow = try rows.step()
        }
        rows.reset()
        return last == 0 ? 0 : try trim(through: last, limit: Self.trimBatch)
    }
}
