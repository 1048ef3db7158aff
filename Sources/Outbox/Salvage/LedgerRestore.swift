/// Filling a new ledger with what was saved of a damaged one.
extension Ledger {
    /// The columns of `event`.
    static let eventColumns = 13
    /// The columns of `sink`; rows from before version 2 have three.
    static let sinkColumns = 9

    /// Takes in rows of events that pass their checksum; a sequence that is there already stays.
    ///
    /// - Returns: those that were taken.
    func restore(_ rows: [LeafPage.Row]) throws(DatabaseError) -> [StoredEvent] {
        guard !rows.isEmpty else { return [] }
        let statement = try database.prepare(
            """
            INSERT OR IGNORE INTO event (sequence, id, class, type, subject, time, utc_offset,
              synchronized, boot, monotonic, hub, data, checksum)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """)
        return try database.transaction { () throws(DatabaseError) in
            var taken: [StoredEvent] = []
            for row in rows {
                guard (1..<Self.numberLimit).contains(row.rowid), let event = StoredEvent(row)
                else {
                    continue
                }
                try statement.run([.integer(row.rowid)] + row.columns.dropFirst().map(\.value))
                if database.changes > 0 { taken.append(event) }
            }
            return taken
        }
    }

    /// Deletes the events with these numbers.
    ///
    /// - Returns: how many.
    func forget(_ ranges: [ClosedRange<Int64>]) throws(DatabaseError) -> Int {
        let deletion = try database.prepare("DELETE FROM event WHERE sequence BETWEEN ?1 AND ?2")
        return try database.transaction { () throws(DatabaseError) in
            var count = 0
            for range in ranges {
                try deletion.run(.integer(range.lowerBound), .integer(range.upperBound))
                count += database.changes
            }
            return count
        }
    }

    /// Takes in the small tables, and goes on counting behind `lastSequence`.
    func restore(
        state: [String: [UInt8]], cursors: [String: Cursor], hubs: [Int64: String],
        lastSequence: Int64
    ) throws(DatabaseError) {
        try database.transaction { () throws(DatabaseError) in
            for (key, value) in state { try apply(StateChange(key: key, value: value)) }
            for (name, cursor) in cursors {
                try database.prepare(
                    "INSERT INTO sink (name, cursor, place, express) VALUES (?1, ?2, ?3, ?4)"
                ).run(
                    .text(name), .integer(cursor.sequence), .integer(cursor.place),
                    .integer(cursor.express))
            }
            for (number, id) in hubs {
                try database.prepare("INSERT OR REPLACE INTO hub (number, id) VALUES (?1, ?2)")
                    .run(.integer(number), .text(id))
            }
            try database.execute("DELETE FROM sqlite_sequence WHERE name = 'event'")
            try database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?1)")
                .run(.integer(lastSequence))
        }
        try reload()
    }

    /// Takes in a rejection of an event that was saved.
    func restore(
        rejected sequence: Int64, sink: String, reason: String, time: Int64
    ) throws(DatabaseError) {
        try database.prepare(
            """
            INSERT OR IGNORE INTO rejected (sequence, sink, reason, time, retry)
            SELECT ?1, ?2, ?3, ?4, 0 WHERE EXISTS (SELECT 1 FROM event WHERE sequence = ?1)
              AND EXISTS (SELECT 1 FROM sink WHERE name = ?2)
            """
        ).run(.integer(sequence), .text(sink), .text(reason), .integer(time))
    }

    /// The numbers from `first` to `last` that have no event, without those that are explained.
    func missing(
        from first: Int64, through last: Int64, explained: [ClosedRange<Int64>]
    ) throws(DatabaseError) -> [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        var next = first
        let rows = try database.prepare(
            "SELECT sequence FROM event WHERE sequence >= ?1 AND sequence <= ?2 ORDER BY sequence")
        var isRow = try rows.first(.integer(first), .integer(last))
        while isRow {
            let sequence = rows.integer(0)
            if sequence > next { gaps.append(next...(sequence - 1)) }
            next = sequence + 1
            isRow = try rows.step()
        }
        if next <= last { gaps.append(next...last) }
        return gaps.removing(explained)
    }
}

extension [ClosedRange<Int64>] {
    /// How many numbers they hold; they do not overlap.
    var numberCount: Int { reduce(0) { $0 + $1.count } }

    /// The parts of these ranges, which are in order, that are in none of the others.
    func removing(_ others: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        let others = others.sorted { $0.lowerBound < $1.lowerBound }
        var rest: [ClosedRange<Int64>] = []
        var start = 0
        for range in self {
            // Notices never tell of the same number twice, so their ends are in order as well.
            while start < others.count, others[start].upperBound < range.lowerBound { start += 1 }
            var next = range.lowerBound
            for other in others[start...] {
                guard other.lowerBound <= range.upperBound else { break }
                if other.lowerBound > next { rest.append(next...(other.lowerBound - 1)) }
                next = Swift.max(next, other.upperBound + 1)
            }
            if next <= range.upperBound { rest.append(next...range.upperBound) }
        }
        return rest
    }
}

extension LeafPage.Column {
    /// The column as a parameter; the only NULL of ours is the place of a rowid.
    fileprivate var value: Statement.Value {
        switch self {
        case .null: .integer(0)
        case .integer(let number): .integer(number)
        case .text(let bytes): .text(String(decoding: bytes, as: UTF8.self))
        case .blob(let bytes): .blob(bytes)
        }
    }
}

extension StoredEvent {
    /// Reads a row of `event`; nil when it is none or fails its checksum. The hub is left empty.
    init?(_ row: LeafPage.Row) {
        let columns = row.columns
        guard columns.count == Ledger.eventColumns, case .blob(let idBytes) = columns[1],
            case .integer(let classNumber) = columns[2], case .text(let type) = columns[3],
            case .text(let subject) = columns[4], case .integer(let time) = columns[5],
            case .integer(let offset) = columns[6], case .integer(let isSynchronized) = columns[7],
            case .blob(let bootBytes) = columns[8], case .integer(let monotonic) = columns[9],
            case .blob(let data) = columns[11], case .integer(let checksum) = columns[12],
            let id = UniqueID(bytes: idBytes), let boot = UniqueID(bytes: bootBytes),
            let eventClass = Event.Class(rawValue: UInt8(truncatingIfNeeded: classNumber))
        else { return nil }
        self.init(
            sequence: row.rowid, id: id, hub: "",
            event: Event(
                type: String(decoding: type, as: UTF8.self),
                subject: String(decoding: subject, as: UTF8.self),
                time: EventTime(
                    unixNanoseconds: time, utcOffset: Int(offset),
                    isSynchronized: isSynchronized != 0, boot: boot, bootNanoseconds: monotonic),
                data: data, class: eventClass))
        guard self.checksum == checksum else { return nil }
    }
}
