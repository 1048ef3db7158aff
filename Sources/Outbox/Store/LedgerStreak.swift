/// What a sink refused last, found again after a restart.
extension Ledger {
    /// The events that were set aside for a sink and since when it has taken none, by lane, as far as
    /// what is kept tells; at most as many as matter.
    func streak(of sink: String) throws(DatabaseError) -> [Lane: [Int64]] {
        guard let cursor = cursors[sink] else { return [:] }
        let overtaken = try overtaken(by: sink, cursor)
        // What has overtaken was taken behind all that the regular lane refused, perhaps.
        guard !overtaken.contains(where: { !$0.isRefused }) else { return [:] }
        var streak: [Lane: [Int64]] = [:]
        let regular = try refused(by: sink, through: cursor.sequence)
        if !regular.isEmpty { streak[.regular] = regular }
        if !overtaken.isEmpty { streak[.express] = overtaken.map(\.sequence) }
        return streak
    }

    private static let isRefused = """
        EXISTS (SELECT 1 FROM rejected
          WHERE rejected.sequence = event.sequence AND sink = ?1 AND retry = 0)
        """

    /// The last events up to a number, as long as they were refused. A number without an event ends
    /// it: the sink may have taken that one.
    private func refused(by sink: String, through last: Int64) throws(DatabaseError) -> [Int64] {
        let rows = try database.prepare(
            """
            SELECT sequence, \(Self.isRefused) FROM event WHERE sequence <= ?2
            ORDER BY sequence DESC LIMIT ?3
            """)
        defer { rows.reset() }
        var refused: [Int64] = []
        var isRow = try rows.first(
            .text(sink), .integer(last), .integer(Int64(DeliveryMachine.streakLimit)))
        while isRow, rows.integer(1) != 0, rows.integer(0) == last - Int64(refused.count) {
            refused.append(rows.integer(0))
            isRow = try rows.step()
        }
        return refused.reversed()
    }

    /// The first events of value that went before the rest.
    private func overtaken(
        by sink: String, _ cursor: Cursor
    ) throws(DatabaseError) -> [(sequence: Int64, isRefused: Bool)] {
        let rows = try database.prepare(
            """
            SELECT sequence, \(Self.isRefused) FROM event
            WHERE class = 0 AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence LIMIT ?4
            """)
        defer { rows.reset() }
        var events: [(sequence: Int64, isRefused: Bool)] = []
        var isRow = try rows.first(
            .text(sink), .integer(cursor.sequence), .integer(cursor.express),
            .integer(Int64(DeliveryMachine.streakLimit)))
        while isRow {
            events.append((rows.integer(0), rows.integer(1) != 0))
            isRow = try rows.step()
        }
        return events
    }
}
