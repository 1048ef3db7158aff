internal import CSQLite

/// Dropping events that lie among others which stay.
///
/// Numbers only rise, so SQLite never fills the holes between rows that are kept, and it gives a page
/// back only when next to nothing is left on it: dropping every second event of a file frees not
/// one page. So what stays of a span is written anew, close together, in the transaction that drops
/// the rest.
extension Ledger {
    /// The most that is written anew at once, in bytes: 64 pages, which fit in the reserve. So much goes
    /// at once, too, and one event more: not all telemetry for one event of value where it is large.
    static let spanHeaviest: Int64 = 256 * 1_024
    /// The most rows of a span; the smallest take some 110 bytes.
    static let spanLongest: Int64 = 4_096
    /// What a row takes beside its names and data: id, boot, numbers, and its places in the page and
    /// in the index.
    private static let rowOverhead: Int64 = 80
    /// About what a number takes of a notice: a range of its own, `[1234567,1234567],`.
    private static let noticeBytes: Int64 = 20

    /// Events that can go, and the numbers of those among which they lie.
    struct Span {
        var range: ClosedRange<Int64>
        /// What goes.
        var going: [(sequence: Int64, eventClass: Event.Class)] = []
        /// Bytes of rows that go, and of those that stay.
        var goingBytes: Int64 = 0
        var stayingBytes: Int64 = 0

        /// Whether it ends with the newest event: more may come to it.
        var isLast = false

        var keepsSome: Bool { stayingBytes > 0 }

        /// Whether they are worth the notice of them, and a page. It is an estimate: what was freed
        /// is measured.
        var isWorthIt: Bool {
            goingBytes - Int64(going.count) * Ledger.noticeBytes >= Ledger.pageSize
        }
    }

    /// Whether a row goes: by its class, and whether it was set aside.
    private static let goes = """
        class >= CASE WHEN EXISTS
          (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence) THEN ?2 ELSE ?1 END
        """

    /// The next span in which something can go; nil for none.
    func span(of shed: Shed, after floor: Int64) throws(DatabaseError) -> Span? {
        guard let first = try first(of: shed, after: floor) else { return nil }
        let rows = try database.prepare(
            """
            SELECT sequence, length(data) + length(type) + length(subject), class, \(Self.goes)
            FROM event WHERE sequence >= ?3 ORDER BY sequence LIMIT ?4
            """)
        defer { rows.reset() }
        var span = Span(range: first...first)
        var isRow = try rows.first(shed.limits + [.integer(first), .integer(Self.spanLongest)])
        var count = 0
        while isRow, span.going.count < Self.shedBatch, span.goingBytes < Self.spanHeaviest {
            let sequence = rows.integer(0)
            let size = rows.integer(1) + Self.rowOverhead
            if rows.integer(3) != 0 {
                let eventClass = Event.Class(rawValue: UInt8(rows.integer(2)))
                span.going.append((sequence, eventClass ?? .telemetry))
                span.goingBytes += size
            } else {
                guard span.stayingBytes + size <= Self.spanHeaviest else { break }
                span.stayingBytes += size
            }
            span.range = first...sequence
            count += 1
            isRow = try rows.step()
        }
        span.isLast = !isRow && count < Self.spanLongest
        return span
    }

    /// The first event that goes.
    private func first(of shed: Shed, after floor: Int64) throws(DatabaseError) -> Int64? {
        var first: Int64?
        // One class after the other, each by its index.
        for eventClass in [Event.Class.presence, .telemetry] {
            let row = try database.prepare(
                """
                SELECT sequence FROM event WHERE sequence > ?3 AND class = ?4 AND \(Self.goes)
                ORDER BY sequence LIMIT 1
                """)
            let values = shed.limits + [.integer(floor), .integer(Int64(eventClass.rawValue))]
            guard try row.first(values) else { continue }
            first = min(first ?? .max, row.integer(0))
        }
        return first
    }

    /// Looks everywhere again for what can go: something that was delivered or set aside is due.
    func lookAgain() { shedFloor = [:] }

    private func rewrite(_ sql: String, _ range: ClosedRange<Int64>) throws(DatabaseError) {
        try database.prepare(sql).run(.integer(range.lowerBound), .integer(range.upperBound))
    }

    /// Writes the rows of a range anew, so that they lie close together. Within a transaction.
    func pack(_ range: ClosedRange<Int64>) throws(DatabaseError) {
        try database.execute(
            "CREATE TEMP TABLE IF NOT EXISTS packing AS SELECT * FROM event WHERE 0")
        try rewrite(
            "INSERT INTO packing SELECT * FROM event WHERE sequence BETWEEN ?1 AND ?2", range)
        try rewrite("DELETE FROM event WHERE sequence BETWEEN ?1 AND ?2", range)
        try database.execute(
            "INSERT INTO event SELECT * FROM packing ORDER BY sequence; DELETE FROM packing")
    }
}
