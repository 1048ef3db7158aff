internal import CSQLite

/// The sinks' side of the ledger: cursors and rejected events.
extension Ledger {
    /// An event that a sink would not have.
    struct Rejection: Sendable {
        var event: StoredEvent
        var sink: String
        var reason: String
        var unixNanoseconds: Int64
        var isRetrying: Bool
    }

    /// Reads cursors and depths, when the store is opened.
    func loadSinks() throws(DatabaseError) {
        let rows = try database.prepare("SELECT name, cursor, place FROM sink")
        while try rows.step() {
            let cursor = Cursor(sequence: rows.integer(1), place: rows.integer(2))
            guard (0...lastSequence).contains(cursor.sequence), cursor.place >= 0 else {
                throw DatabaseError(
                    code: SQLITE_CORRUPT,
                    text: "\(rows.text(0)) has event \(cursor.sequence) of \(lastSequence)")
            }
            cursors[rows.text(0)] = cursor
        }
        let count = try database.prepare("SELECT count(*) FROM event WHERE sequence > ?1")
        for (name, cursor) in cursors {
            depths[name] = try count.first(.integer(cursor.sequence)) ? Int(count.integer(0)) : 0
            count.reset()
        }
    }

    /// Makes the sinks those of the configuration.
    ///
    /// A sink that is gone loses its cursor and its rejected events, so its backlog no longer holds
    /// events back. A new one starts where the sink that was furthest behind stands, before those
    /// that are gone are forgotten: a sink that moved to another address takes over what the old
    /// address has not got. The first sink of all gets every event that is still kept.
    func setSinks(_ names: [String]) throws(DatabaseError) {
        let start = Cursor(sequence: cursors.values.map(\.sequence).min() ?? 0, place: 0)
        let gone = cursors.keys.filter { !names.contains($0) }
        let added = names.filter { cursors[$0] == nil }
        guard !gone.isEmpty || !added.isEmpty else { return }
        try database.transaction { () throws(DatabaseError) in
            for name in gone {
                try database.prepare("DELETE FROM sink WHERE name = ?1").run(.text(name))
                try database.prepare("DELETE FROM rejected WHERE sink = ?1").run(.text(name))
            }
            for name in added {
                try database.prepare("INSERT INTO sink (name, cursor, place) VALUES (?1, ?2, 0)")
                    .run(.text(name), .integer(start.sequence))
            }
        }
        for name in gone {
            cursors[name] = nil
            depths[name] = nil
        }
        for name in added { cursors[name] = start }
        try loadSinks()
    }

    /// Moves a cursor forward to an event that the sink has, with all before it.
    func confirm(_ sink: String, through sequence: Int64, place: Int64) throws(DatabaseError) {
        guard let cursor = cursors[sink], sequence > cursor.sequence else { return }
        try database.prepare("UPDATE sink SET cursor = ?2, place = ?3 WHERE name = ?1")
            .run(.text(sink), .integer(sequence), .integer(place))
        try pass(sink, to: Cursor(sequence: sequence, place: place))
    }

    /// Counts the rows passed: some may have been dropped while they were under way.
    private func pass(_ sink: String, to cursor: Cursor) throws(DatabaseError) {
        let count = try database.prepare(
            "SELECT count(*) FROM event WHERE sequence > ?1 AND sequence <= ?2")
        let before = cursors[sink]?.sequence ?? 0
        if try count.first(.integer(before), .integer(cursor.sequence)) {
            depths[sink, default: 0] -= Int(count.integer(0))
        }
        count.reset()
        cursors[sink] = cursor
    }

    /// Sets one event aside as rejected and moves the cursor past it.
    func reject(
        _ sink: String, _ event: StoredEvent, reason: String, at now: EventTime
    ) throws(DatabaseError) {
        guard let cursor = cursors[sink] else { return }
        let isNext = event.sequence > cursor.sequence
        try database.transaction { () throws(DatabaseError) in
            try database.prepare(
                """
                INSERT INTO rejected (sequence, sink, reason, time, retry)
                VALUES (?1, ?2, ?3, ?4, 0)
                ON CONFLICT (sequence, sink) DO UPDATE SET reason = ?3, time = ?4, retry = 0
                """
            ).run(
                .integer(event.sequence), .text(sink), .text(reason),
                .integer(now.unixNanoseconds))
            if isNext {
                try database.prepare("UPDATE sink SET cursor = ?2 WHERE name = ?1")
                    .run(.text(sink), .integer(event.sequence))
            }
        }
        if isNext {
            try pass(sink, to: Cursor(sequence: event.sequence, place: cursor.place))
        }
    }

    /// Takes rejected events back into the queue from `sequence` on, because it was not their fault.
    func takeBack(_ sink: String, from sequence: Int64) throws(DatabaseError) {
        guard let cursor = cursors[sink], cursor.sequence >= sequence else { return }
        try database.transaction { () throws(DatabaseError) in
            try database.prepare("DELETE FROM rejected WHERE sink = ?1 AND sequence >= ?2")
                .run(.text(sink), .integer(sequence))
            try database.prepare("UPDATE sink SET cursor = ?2 WHERE name = ?1")
                .run(.text(sink), .integer(sequence - 1))
        }
        cursors[sink] = Cursor(sequence: sequence - 1, place: cursor.place)
        try loadSinks()
    }

    /// The rejected events, oldest first.
    func rejections(
        limit: Int, retryingFor sink: String? = nil
    ) throws(DatabaseError) -> [Rejection] {
        let rows = try database.prepare(
            """
            SELECT event.*, rejected.sink, rejected.reason, rejected.time, rejected.retry
            FROM rejected JOIN event USING (sequence)
            WHERE ?2 = '' OR (rejected.sink = ?2 AND rejected.retry = 1)
            ORDER BY sequence LIMIT ?1
            """)
        var list: [Rejection] = []
        var isRow = try rows.first(.integer(Int64(limit)), .text(sink ?? ""))
        while isRow {
            list.append(
                Rejection(
                    event: try event(in: rows), sink: rows.text(13), reason: rows.text(14),
                    unixNanoseconds: rows.integer(15), isRetrying: rows.integer(16) != 0))
            isRow = try rows.step()
        }
        return list
    }

    /// By way of the few rejected ones: events have no index of their ids.
    private static let rejectedByID =
        "SELECT sequence FROM rejected JOIN event USING (sequence) WHERE event.id = ?1"

    /// Marks a rejected event to be sent again; the number of sinks it concerns.
    func retry(_ id: UniqueID) throws(DatabaseError) -> Int {
        try database.prepare(
            "UPDATE rejected SET retry = 1 WHERE sequence IN (\(Self.rejectedByID))"
        ).run(.blob(id.bytes))
        return database.changes
    }

    /// Gives a rejected event up; the number of sinks it concerns.
    func drop(_ id: UniqueID) throws(DatabaseError) -> Int {
        try database.prepare(
            "DELETE FROM rejected WHERE sequence IN (\(Self.rejectedByID))"
        ).run(.blob(id.bytes))
        return database.changes
    }

    /// Forgets a rejection, because the sink took the event after all.
    func accept(_ sink: String, _ event: StoredEvent) throws(DatabaseError) {
        try database.prepare("DELETE FROM rejected WHERE sequence = ?1 AND sink = ?2")
            .run(.integer(event.sequence), .text(sink))
    }
}
