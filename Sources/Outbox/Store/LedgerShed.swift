/// Events that give way when there is no room.
extension Ledger {
    /// Rows per dropping transaction; each may be a range of its own in the notice.
    static let shedBatch = 256

    /// Events of one class, in the order in which they give way.
    struct Shed {
        var eventClass: Event.Class
        /// Whether they are those that some sink would not have, and that wait for an operator.
        var isRejected: Bool

        static let order = [
            Shed(eventClass: .telemetry, isRejected: false),
            Shed(eventClass: .presence, isRejected: false),
            Shed(eventClass: .telemetry, isRejected: true),
            Shed(eventClass: .presence, isRejected: true),
        ]
    }

    /// Drops the oldest of the events that give way first, and puts a notice of it among the events:
    /// sequence numbers that are missing stay explained.
    ///
    /// Of which nothing can go that frees a page leaves it to the next.
    ///
    /// - Returns: whether something was dropped.
    func shed(at now: EventTime) throws(DatabaseError) -> Bool {
        var full: DatabaseError?
        for shed in Shed.order {
            do throws(DatabaseError) {
                if try drop(shed, at: now) { return true }
            } catch {
                guard error.kind == .full else { throw error }
                full = error
            }
        }
        if let full { throw full }
        return false
    }

    private func drop(_ shed: Shed, at now: EventTime) throws(DatabaseError) -> Bool {
        let floor = shed.isRejected ? 0 : max(shedFloor[shed.eventClass] ?? 0, deliveredThrough)
        let span = try span(of: shed, after: floor)
        let sequences = if let span { span.sequences } else { try oldest(of: shed, after: floor) }
        guard !sequences.isEmpty else {
            if !shed.isRejected { shedFloor[shed.eventClass] = lastSequence }
            return false
        }
        let behind = cursors.mapValues { cursor in sequences.count { $0 > cursor.sequence } }
        let notice = try accounted { counts throws(DatabaseError) in
            for (name, count) in behind { counts.add(shed: count, of: name) }
            if shed.isRejected { try forget(sequences, &counts) }
            let deletion = try database.prepare("DELETE FROM event WHERE sequence = ?1")
            for sequence in sequences { try deletion.run(.integer(sequence)) }
            if let span { try pack(span.range) }
            counts.add(sequences.count, as: .shed(shed.eventClass))
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

    /// Forgets that sinks would not have these events: they are not there any more.
    private func forget(_ sequences: [Int64], _ counts: inout Counts) throws(DatabaseError) {
        let sinks = try database.prepare("SELECT sink FROM rejected WHERE sequence = ?1")
        let deletion = try database.prepare("DELETE FROM rejected WHERE sequence = ?1")
        for sequence in sequences {
            var isRow = try sinks.first(.integer(sequence))
            while isRow {
                counts.add(shed: 1, of: sinks.text(0))
                isRow = try sinks.step()
            }
            try deletion.run(.integer(sequence))
        }
    }

    /// The oldest that can go, wherever they lie.
    private func oldest(of shed: Shed, after floor: Int64) throws(DatabaseError) -> [Int64] {
        let rows = try database.prepare(Self.candidates)
        var sequences: [Int64] = []
        var isRow = try rows.first(shed.parameters(after: floor, limit: Self.shedBatch))
        while isRow {
            sequences.append(rows.integer(0))
            isRow = try rows.step()
        }
        return sequences
    }

    /// Finds what can go, oldest first.
    static let candidates = """
        SELECT sequence FROM event WHERE sequence > ?1 AND class = ?2 AND ?3 = EXISTS
          (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence)
        ORDER BY sequence LIMIT ?4
        """
}

extension Ledger.Shed {
    /// The parameters of `Ledger.candidates`; a limit of -1 is none.
    func parameters(after floor: Int64, limit: Int) -> [Statement.Value] {
        [
            .integer(floor), .integer(Int64(eventClass.rawValue)), .integer(isRejected ? 1 : 0),
            .integer(Int64(limit)),
        ]
    }
}
