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

    /// Reads cursors, accounts and depths, when the store is opened.
    func loadSinks() throws(DatabaseError) {
        let rows = try database.prepare(
            """
            SELECT name, cursor, place, express, base, confirmed, given_up, shed, expired FROM sink
            """)
        while try rows.step() {
            let cursor = Cursor(
                sequence: rows.integer(1), place: rows.integer(2), express: rows.integer(3))
            guard (0...lastSequence).contains(cursor.sequence), cursor.place >= 0,
                (0...lastSequence).contains(cursor.express)
            else {
                throw DatabaseError(
                    code: SQLITE_CORRUPT,
                    text: "\(rows.text(0)) has event \(cursor.sequence) of \(lastSequence)")
            }
            cursors[rows.text(0)] = cursor
            accounts[rows.text(0)] = SinkAccount(
                base: rows.integer(4), confirmed: rows.integer(5), givenUp: rows.integer(6),
                shed: rows.integer(7), expired: rows.integer(8))
        }
        for (name, cursor) in cursors { depths[name] = Int(try waiting(behind: cursor)) }
    }

    /// Moves a cursor forward to an event that the sink has, with all before it; some of them may
    /// have grown too old for it instead, which a notice tells. Of those that gave way meanwhile
    /// another has told.
    func confirm(
        _ sink: String, through sequence: Int64, place: Int64, lane: Lane = .regular,
        expired: [Int64] = [], at now: EventTime? = nil
    ) throws(DatabaseError) {
        guard var cursor = cursors[sink] else { return }
        let before = cursor
        switch lane {
        case .regular:
            guard sequence > cursor.sequence else { return }
            cursor.sequence = sequence
            cursor.place = place
        case .express:
            guard sequence > cursor.express else { return }
            cursor.express = sequence
        }
        let expired = try kept(expired)
        let passed = try self.passed(from: before, to: cursor)
        // What is left in front of those that have overtaken may be nothing.
        if cursor.express > cursor.sequence, try isOvertaken(cursor) {
            cursor.sequence = cursor.express
        }
        let after = cursor
        let notice = try accounted { counts throws(DatabaseError) in
            try write(after, of: sink)
            counts.sinks[sink] = SinkAccount(
                confirmed: passed - Int64(expired.count), expired: Int64(expired.count))
            guard let now, !expired.isEmpty else { return [StoredEvent]() }
            let told = Event.dropped(expired, reason: "too old", at: now)
            counts.add(committed: [told])
            return try insert([told], after: lastSequence, at: now)
        }
        cursors[sink] = after
        depths[sink, default: 0] -= Int(passed)
        advance(past: notice)
        notices += notice
    }

    /// Those that are kept of some events.
    private func kept(_ sequences: [Int64]) throws(DatabaseError) -> [Int64] {
        let row = try database.prepare("SELECT 1 FROM event WHERE sequence = ?1")
        var kept: [Int64] = []
        for sequence in sequences {
            if try row.first(.integer(sequence)) { kept.append(sequence) }
            row.reset()
        }
        return kept
    }

    /// How many kept events lie between two places: some may have been dropped while they were
    /// under way.
    private func passed(from before: Cursor, to after: Cursor) throws(DatabaseError) -> Int64 {
        after.sequence > before.sequence
            ? try waiting(behind: before, through: after.sequence)
            : try rows(
                .value, after: max(before.sequence, before.express), through: after.express)
    }

    /// Whether a sink has all kept events up to the last that has overtaken.
    private func isOvertaken(_ cursor: Cursor) throws(DatabaseError) -> Bool {
        let rest = try database.prepare(
            """
            SELECT 1 FROM event WHERE class = ?1 AND sequence > ?2 AND sequence <= ?3 LIMIT 1
            """)
        for eventClass in [Event.Class.presence, .telemetry] {
            defer { rest.reset() }
            let isThere = try rest.first(
                .integer(Int64(eventClass.rawValue)), .integer(cursor.sequence),
                .integer(cursor.express))
            if isThere { return false }
        }
        return true
    }

    func write(_ cursor: Cursor, of sink: String) throws(DatabaseError) {
        try moving.run(
            .text(sink), .integer(cursor.sequence), .integer(cursor.place),
            .integer(cursor.express))
    }

    /// Sets one event aside as rejected and moves the cursor past it; one that was rejected before
    /// and sent again is in no lane, and stays given up if it was meanwhile.
    func reject(
        _ sink: String, _ event: StoredEvent, reason: String, lane: Lane? = .regular,
        at now: EventTime
    ) throws(DatabaseError) {
        guard let before = cursors[sink] else { return }
        var cursor = before
        switch lane {
        case .regular: cursor.sequence = max(cursor.sequence, event.sequence)
        case .express: cursor.express = max(cursor.express, event.sequence)
        case nil: break
        }
        let passed = try self.passed(from: before, to: cursor)
        let after = cursor
        shedFloor = shedFloor.filter { $0.key.rejected == nil }
        try database.transaction { () throws(DatabaseError) in
            // Presence may have been dropped for room while it was under way.
            let note = lane == nil ? Self.notingAgain : Self.noting
            try database.prepare(note).run(
                .integer(event.sequence), .text(sink), .text(reason),
                .integer(now.unixNanoseconds))
            try write(after, of: sink)
        }
        cursors[sink] = after
        depths[sink, default: 0] -= Int(passed)
    }

    private static let noting = """
        INSERT INTO rejected (sequence, sink, reason, time, retry)
        SELECT ?1, ?2, ?3, ?4, 0 WHERE EXISTS (SELECT 1 FROM event WHERE sequence = ?1)
        ON CONFLICT (sequence, sink) DO UPDATE SET reason = ?3, time = ?4, retry = 0
        """
    private static let notingAgain =
        "UPDATE rejected SET reason = ?3, time = ?4, retry = 0 WHERE sequence = ?1 AND sink = ?2"

    /// Takes events back into the queue that were set aside since the sink last took one, because
    /// it was not their fault; by the lane they were in.
    ///
    /// What lies between them and was passed over for its age, or given up by somebody, is due again
    /// with them: a cursor leaves nothing out. It is no longer counted as what it was then.
    func takeBack(_ sink: String, _ rejected: [Lane: [Int64]]) throws(DatabaseError) {
        guard let before = cursors[sink] else { return }
        // Delivered again by hand, an event may have been refused twice, and in both lanes.
        var held: [Lane: [Int64]] = [:]
        var givenUp: Set<Int64> = []
        for (lane, sequences) in rejected {
            for sequence in sequences {
                if try isRejected(sequence, by: sink) {
                    held[lane, default: []].append(sequence)
                } else {
                    givenUp.insert(sequence)
                }
            }
        }
        let after = try place(of: before, before: held)
        let again = try waiting(behind: after) - waiting(behind: before)
        var reopened = SinkAccount()
        // One that waits already is no longer counted as given up.
        for sequence in givenUp where try !isWaiting(sequence, behind: before) {
            if try isWaiting(sequence, behind: after) { reopened.givenUp -= 1 }
        }
        let taken = Int64(Set(held.values.joined()).count)
        reopened.expired = -(again - taken + reopened.givenUp)
        try accounted { counts throws(DatabaseError) in
            let deletion = try database.prepare(
                "DELETE FROM rejected WHERE sink = ?1 AND sequence = ?2")
            for sequence in held.values.joined() {
                try deletion.run(.text(sink), .integer(sequence))
            }
            try write(after, of: sink)
            counts.sinks[sink] = reopened
        }
        cursors[sink] = after
        depths[sink] = Int(try waiting(behind: after))
        lookAgain()
    }

    /// Where a cursor stands when these events are in front of it again.
    private func place(
        of cursor: Cursor, before rejected: [Lane: [Int64]]
    ) throws(DatabaseError) -> Cursor {
        var cursor = cursor
        if let first = rejected[.express]?.min() {
            cursor.express = min(cursor.express, first - 1)
            cursor.sequence = min(cursor.sequence, first - 1)
        }
        if let first = rejected[.regular]?.min() {
            cursor.sequence = min(cursor.sequence, first - 1)
        }
        // None of value may seem to have overtaken that was set aside in the regular lane.
        for sequence in rejected[.regular] ?? [] where sequence <= cursor.express {
            if try rows(.value, after: sequence - 1, through: sequence) > 0 {
                cursor.express = sequence - 1
            }
        }
        return cursor
    }

    private func isRejected(_ sequence: Int64, by sink: String) throws(DatabaseError) -> Bool {
        let row = try database.prepare("SELECT 1 FROM rejected WHERE sink = ?1 AND sequence = ?2")
        return try row.first(.text(sink), .integer(sequence))
    }

    /// Whether an event is kept and in front of a cursor.
    private func isWaiting(
        _ sequence: Int64, behind cursor: Cursor
    ) throws(DatabaseError) -> Bool {
        try waiting(behind: cursor, through: sequence)
            > waiting(behind: cursor, through: sequence - 1)
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
        lookAgain()
        return try accounted { counts throws(DatabaseError) in
            let rows = try database.prepare(
                "SELECT sink FROM rejected JOIN event USING (sequence) WHERE event.id = ?1")
            var isRow = try rows.first(.blob(id.bytes))
            while isRow {
                counts.sinks[rows.text(0)] = SinkAccount(givenUp: 1)
                isRow = try rows.step()
            }
            try database.prepare(
                "DELETE FROM rejected WHERE sequence IN (\(Self.rejectedByID))"
            ).run(.blob(id.bytes))
            return database.changes
        }
    }

    /// Forgets a rejection, because the sink took the event after all.
    func accept(_ sink: String, _ event: StoredEvent) throws(DatabaseError) {
        lookAgain()
        try accounted { counts throws(DatabaseError) in
            try database.prepare("DELETE FROM rejected WHERE sequence = ?1 AND sink = ?2")
                .run(.integer(event.sequence), .text(sink))
            counts.sinks[sink] = SinkAccount(confirmed: Int64(database.changes))
        }
    }

    // MARK: What is next

    /// The oldest events that a sink has not got: all, or in the express lane those of value.
    func next(
        for cursor: Cursor, lane: Lane, limit: Int, bytes: Int
    ) throws(DatabaseError) -> [StoredEvent] {
        switch lane {
        case .regular where cursor.express <= cursor.sequence:
            try events(after: cursor.sequence, limit: limit, bytes: bytes)
        case .regular:
            try events(
                in: leftReading,
                [
                    .integer(cursor.sequence), .integer(Int64(limit)), .integer(cursor.express),
                ], bytes: bytes)
        case .express:
            try events(
                in: valueReading,
                [.integer(max(cursor.sequence, cursor.express)), .integer(Int64(limit))],
                bytes: bytes)
        }
    }
}
