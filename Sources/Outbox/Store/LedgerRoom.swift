internal import CSQLite

/// Making room: the quota, the retention, and the full disk.
///
/// What goes first is what costs least: events that every sink has, then telemetry, then presence,
/// oldest first. Events of value never go; when only they are left, new ones are refused.
extension Ledger {
    /// How many pages the log may hold beyond the end of the database file (see `Reserve`).
    static let growthLimit: Int64 = 96
    /// Rows per deleting transaction: their pages fit in the reserve.
    static let trimBatch = 512
    /// Rows per dropping transaction; each may be a range of its own in the notice.
    static let shedBatch = 256
    /// Each round frees at least a page's worth where there is something to free; a transaction
    /// of the largest size needs fewer than this many.
    private static let rounds = 64

    /// Writes, and makes room for it where there is none.
    ///
    /// Notices of what was dropped for it are left in `notices`.
    func makingRoom<Result>(
        at now: EventTime, _ write: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        for _ in 0..<Self.rounds {
            do throws(DatabaseError) {
                let result = try write()
                try tendLog()
                return result
            } catch {
                guard error.kind == .full else { throw error }
                if relieve() { continue }
                if try trimDelivered(limit: Self.trimBatch) == 0 {
                    guard try shed(at: now) else { throw error }
                }
                try tendLog()
            }
        }
        throw DatabaseError(code: SQLITE_FULL, text: "\(path): no room was made in time")
    }

    // MARK: The full disk

    /// The first thing to do when the disk, not the quota, is full: gives the reserve back, empties
    /// the log with it, and lets the file grow no more.
    ///
    /// - Returns: whether it was that, and is worth another try.
    private func relieve() -> Bool {
        guard !isPinned, let pages = try? database.number("PRAGMA page_count"), pages < quotaPages,
            !hasRoom
        else { return false }
        reserve.release()
        pin()
        try? checkpoint()
        return true
    }

    /// Whether the disk has room for any transaction; then it was the quota that a transaction of
    /// several pages did not fit in.
    private var hasRoom: Bool {
        let room = Reserve(path: path + "-room")
        defer { room.release() }
        return room.take()
    }

    /// Takes the reserve again once there is space; until then the file does not grow.
    func restoreReserve() throws(DatabaseError) {
        if reserve.take() {
            if isPinned { try database.execute("PRAGMA max_page_count = \(quotaPages)") }
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
        let used =
            try database.number("PRAGMA page_count")
            - database.number("PRAGMA freelist_count")
        if used > quotaPages / 2 { return try trimDelivered(limit: Self.trimBatch) }
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

    // MARK: Events that give way

    /// Drops the oldest telemetry, else the oldest presence, that some sink has not got, and puts
    /// a notice of it among the events: sequence numbers that are missing stay explained.
    ///
    /// A class of which nothing can go that frees a page leaves it to the next.
    ///
    /// - Returns: whether something was dropped.
    private func shed(at now: EventTime) throws(DatabaseError) -> Bool {
        var full: DatabaseError?
        for eventClass in [Event.Class.telemetry, .presence] {
            do throws(DatabaseError) {
                if try shed(eventClass, at: now) { return true }
            } catch {
                guard error.kind == .full else { throw error }
                full = error
            }
        }
        if let full { throw full }
        return false
    }

    private func shed(_ eventClass: Event.Class, at now: EventTime) throws(DatabaseError) -> Bool {
        let floor = max(shedFloor[eventClass] ?? 0, deliveredThrough)
        let span = try span(of: eventClass, after: floor)
        let sequences =
            if let span { span.sequences } else { try sheddable(eventClass, after: floor) }
        guard !sequences.isEmpty else {
            shedFloor[eventClass] = lastSequence
            return false
        }
        let behind = cursors.mapValues { cursor in sequences.count { $0 > cursor.sequence } }
        let notice = try accounted { counts throws(DatabaseError) in
            let deletion = try database.prepare("DELETE FROM event WHERE sequence = ?1")
            for sequence in sequences { try deletion.run(.integer(sequence)) }
            if let span { try pack(span.range) }
            counts.add(sequences.count, as: .shed(eventClass))
            for (name, count) in behind where count > 0 {
                counts.sinks[name] = SinkAccount(shed: Int64(count))
            }
            let told = Event.dropped(sequences, reason: "no room", at: now)
            counts.add(committed: [told])
            return try insert([told], after: lastSequence, at: now)
        }
        for (name, count) in behind { depths[name, default: 0] -= count }
        advance(past: notice)
        notices += notice
        shedCount += sequences.count
        return true
    }

    /// The oldest events of a class that can go, wherever they lie.
    private func sheddable(
        _ eventClass: Event.Class, after floor: Int64
    ) throws(DatabaseError) -> [Int64] {
        let rows = try database.prepare(Self.sheddable)
        var sequences: [Int64] = []
        var isRow = try rows.first(
            .integer(floor), .integer(Int64(eventClass.rawValue)), .integer(Int64(Self.shedBatch)))
        while isRow {
            sequences.append(rows.integer(0))
            isRow = try rows.step()
        }
        return sequences
    }

    /// Finds events of a class that can go, behind a number: `?3` of them, or all for -1.
    static let sheddable = """
        SELECT sequence FROM event WHERE sequence > ?1 AND class = ?2
          AND NOT EXISTS (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence)
        ORDER BY sequence LIMIT ?3
        """
}

extension Event {
    /// The notice that events are gone which had a sequence number.
    ///
    /// `data`: `reason`, `count`, `first`, `last` and `ranges`, a list of `[first, last]` without
    /// which the events between the dropped ones could not be told from them. `count` is left out
    /// when it is not known how many of the numbers were used.
    static func dropped(_ sequences: [Int64], reason: String, at time: EventTime) -> Event {
        var ranges: [ClosedRange<Int64>] = []
        for sequence in sequences {
            if let last = ranges.last, last.upperBound + 1 == sequence {
                ranges[ranges.count - 1] = last.lowerBound...sequence
            } else {
                ranges.append(sequence...sequence)
            }
        }
        return dropped(ranges: ranges, count: sequences.count, reason: reason, at: time)
    }

    /// The notice for whole ranges.
    static func dropped(
        ranges: [ClosedRange<Int64>], count: Int?, reason: String, at time: EventTime
    ) -> Event {
        var data: [UInt8] = []
        data.append(text: #"{"reason":"#)
        data.append(jsonString: reason)
        if let count { data.append(text: #","count":\#(count)"#) }
        if let first = ranges.first, let last = ranges.last {
            data.append(text: #","first":\#(first.lowerBound),"last":\#(last.upperBound)"#)
            let list = ranges.map { "[\($0.lowerBound),\($0.upperBound)]" }
            data.append(text: #","ranges":[\#(list.joined(separator: ","))]"#)
        }
        data.append(UInt8(ascii: "}"))
        return Event(type: droppedType, subject: "", time: time, data: data, class: .value)
    }

    private static let droppedType = "org.hubd.event.dropped.v1"

    /// The ranges of such a notice, as it was written above; none for any other event.
    var droppedRanges: [ClosedRange<Int64>] {
        let key = Array(#","ranges":["#.utf8)
        guard type == Self.droppedType,
            let place = data.indices.first(where: { data[$0...].starts(with: key) })
        else { return [] }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let numbers = data[(place + key.count)...].split { !digits.contains($0) }
            .compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        return stride(from: 0, to: numbers.count - 1, by: 2).compactMap {
            numbers[$0] <= numbers[$0 + 1] ? numbers[$0]...numbers[$0 + 1] : nil
        }
    }
}
