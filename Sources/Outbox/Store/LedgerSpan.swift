internal import CSQLite

/// Dropping events that lie among others which stay.
///
/// Numbers only rise, so SQLite never fills the holes between rows that are kept, and it gives a page
/// back only when next to nothing is left on it: dropping every second event of a file frees not
/// one page. So what stays of a span is written anew, close together, in the transaction that drops
/// the rest.
extension Ledger {
    /// Numbers of a span: some sixty pages of usual events, which fit in the reserve.
    static let spanLength: Int64 = 512
    /// So many events have to go from a span for their pages to be worth the notice of them: an
    /// event takes 230 bytes and more, and 18 of the notice.
    static let spanFewest = 32
    /// The most data that is written anew at once, in bytes.
    static let spanHeaviest: Int64 = 256 * 1_024

    /// Events that can go, and the numbers of those among which they lie.
    struct Span {
        var range: ClosedRange<Int64>
        var sequences: [Int64]
    }

    /// The oldest span behind `floor` in which enough of them can go; nil for none.
    func span(of shed: Shed, after floor: Int64) throws(DatabaseError) -> Span? {
        let rows = try database.prepare(Self.candidates)
        var found: [Int64] = []
        var isRow = try rows.first(shed.parameters(after: floor, limit: -1))
        defer { rows.reset() }
        while isRow {
            found.append(rows.integer(0))
            if found.count >= Self.spanFewest {
                let first = found[found.count - Self.spanFewest]
                if found[found.count - 1] - first < Self.spanLength {
                    rows.reset()
                    return try span(of: shed, from: first)
                }
            }
            isRow = try rows.step()
        }
        return nil
    }

    private func span(of shed: Shed, from first: Int64) throws(DatabaseError) -> Span {
        let rows = try database.prepare(
            """
            SELECT sequence, length(data), class = ?3 AND ?4 = EXISTS
              (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence)
            FROM event WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence
            """)
        var span = Span(range: first...first, sequences: [])
        var kept: Int64 = 0
        var isRow = try rows.first(
            .integer(first), .integer(first + Self.spanLength - 1),
            .integer(Int64(shed.eventClass.rawValue)), .integer(shed.isRejected ? 1 : 0))
        defer { rows.reset() }
        while isRow {
            let sequence = rows.integer(0)
            if rows.integer(2) != 0 {
                span.sequences.append(sequence)
            } else {
                kept += rows.integer(1)
                if kept > Self.spanHeaviest { break }
            }
            span.range = first...sequence
            if span.sequences.count == Self.shedBatch { break }
            isRow = try rows.step()
        }
        return span
    }

    /// Writes the rows of a range anew, so that they lie close together. Within a transaction.
    func pack(_ range: ClosedRange<Int64>) throws(DatabaseError) {
        let numbers: [Statement.Value] = [.integer(range.lowerBound), .integer(range.upperBound)]
        try database.execute(
            "CREATE TEMP TABLE IF NOT EXISTS packing AS SELECT * FROM event WHERE 0")
        for sql in [
            "INSERT INTO packing SELECT * FROM event WHERE sequence BETWEEN ?1 AND ?2",
            "DELETE FROM event WHERE sequence BETWEEN ?1 AND ?2",
        ] {
            try database.prepare(sql).run(numbers)
        }
        try database.execute(
            "INSERT INTO event SELECT * FROM packing ORDER BY sequence; DELETE FROM packing")
    }
}
