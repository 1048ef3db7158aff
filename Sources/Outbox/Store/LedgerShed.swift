internal import CSQLite

/// Events that give way when there is no room.
extension Ledger {
    /// Rows per dropping transaction; each may be a range of its own in the notice.
    static let shedBatch = 256

    /// Which events give way in a step: what goes in one goes in all after it, too, because what is too
    /// scattered to be worth it alone may be worth it together.
    struct Shed: Hashable {
        /// The classes from this one on give way; those of an event that no sink has set aside.
        var kept: Event.Class
        /// The same of those that some sink would not have, and that wait for an operator; nil for none.
        var rejected: Event.Class?

        static let order = [
            Shed(kept: .telemetry), Shed(kept: .presence),
            Shed(kept: .presence, rejected: .telemetry),
            Shed(kept: .presence, rejected: .presence),
        ]

        /// The class, from which on events go, of those that are not set aside and of those that are.
        var limits: [Statement.Value] {
            let none = Event.Class.allCases.count
            return [
                .integer(Int64(kept.rawValue)), .integer(Int64(rejected?.rawValue ?? UInt8(none))),
            ]
        }
    }

    /// Drops the oldest of the events that give way first until so many pages are free, and puts
    /// notices of it among the events: sequence numbers that are missing stay explained.
    ///
    /// - Returns: whether a page was freed.
    func shed(pages: Int64, at now: EventTime) throws(DatabaseError) -> Bool {
        var freed: Int64 = 0
        for shed in Shed.order {
            while freed < pages, let more = try drop(shed, at: now) { freed += more }
        }
        return freed > 0
    }

    /// Drops what can go from the next span where that frees a page.
    ///
    /// - Returns: how many pages it freed; nil when it is nowhere worth it.
    private func drop(_ shed: Shed, at now: EventTime) throws(DatabaseError) -> Int64? {
        while let span = try span(of: shed, after: floor(of: shed)) {
            if span.isWorthIt, let freed = try freed(by: span, of: shed, at: now) {
                shedFloor[shed] = span.range.upperBound
                return freed
            }
            guard !span.isLast else { return nil }
            shedFloor[shed] = span.range.upperBound
        }
        return nil
    }

    /// Drops what can go from a span, unless no page is free then: nothing is dropped for nothing.
    ///
    /// - Throws: `.full` where it is the disk that has no room for it, which is no fault of the span.
    private func freed(
        by span: Span, of shed: Shed, at now: EventTime
    ) throws(DatabaseError) -> Int64? {
        do throws(DatabaseError) {
            return try drop(span, of: shed, at: now)
        } catch {
            guard error.code == DatabaseError.barren || isForWantOfPages(error) else { throw error }
            return nil
        }
    }

    /// Up to where there is nothing to look for.
    private func floor(of shed: Shed) -> Int64 {
        max(shedFloor[shed] ?? 0, shed.rejected == nil ? deliveredThrough : 0)
    }

    private func drop(
        _ span: Span, of shed: Shed, at now: EventTime
    ) throws(DatabaseError) -> Int64 {
        let sequences = span.going.map(\.sequence)
        let behind = cursors.mapValues { cursor in sequences.count { $0 > cursor.sequence } }
        let used = try usedPages()
        var freed: Int64 = 0
        let notice = try beyondQuota { () throws(DatabaseError) in
            try accounted { counts throws(DatabaseError) in
                for (name, count) in behind { counts.add(shed: count, of: name) }
                if shed.rejected != nil { try forget(sequences, &counts) }
                let deletion = try database.prepare("DELETE FROM event WHERE sequence = ?1")
                for sequence in sequences { try deletion.run(.integer(sequence)) }
                if span.keepsSome { try pack(span.range) }
                for event in span.going { counts.add(1, as: .shed(event.eventClass)) }
                let told = Event.dropped(sequences, reason: Event.noRoom, at: now)
                counts.add(committed: [told])
                let notice = try insert([told], after: lastSequence, at: now)
                freed = try used - usedPages()
                guard freed > 0 else {
                    throw DatabaseError(
                        code: DatabaseError.barren, text: "\(path): no page is freed")
                }
                return notice
            }
        }
        for (name, count) in behind { depths[name, default: 0] -= count }
        advance(past: notice)
        notices += notice
        shedCount += sequences.count
        return freed
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
}
