/// What a sink refused last, found again after a restart.
extension Ledger {
    /// The events that were set aside for a sink and behind which it has taken none, by lane, as far as
    /// what is kept tells; at most as many as matter.
    func streak(of sink: String) throws(DatabaseError) -> [Lane: [Int64]] {
        guard let cursor = cursors[sink] else { return [:] }
        var streak: [Lane: [Int64]] = [:]
        let regular = try refused(by: sink, through: cursor.sequence, isValueOnly: false)
        if !regular.isEmpty { streak[.regular] = regular }
        guard cursor.express > cursor.sequence else { return streak }
        let express = try refused(by: sink, through: cursor.express, isValueOnly: true)
            .filter { $0 > cursor.sequence }
        if !express.isEmpty { streak[.express] = express }
        return streak
    }

    /// The last events up to a number, of value or of all classes, as long as they were refused. A
    /// number without an event ends it: the sink may have taken that one.
    private func refused(
        by sink: String, through last: Int64, isValueOnly: Bool
    ) throws(DatabaseError) -> [Int64] {
        let rows = try database.prepare(
            """
            SELECT sequence, class, EXISTS (SELECT 1 FROM rejected
              WHERE rejected.sequence = event.sequence AND sink = ?1 AND retry = 0)
            FROM event WHERE sequence <= ?2 ORDER BY sequence DESC LIMIT ?3
            """)
        defer { rows.reset() }
        var refused: [Int64] = []
        var next = last
        var isRow = try rows.first(.text(sink), .integer(last), .integer(Self.streakRows))
        while isRow, rows.integer(0) == next, refused.count < DeliveryMachine.streakLimit {
            if rows.integer(2) != 0 {
                refused.append(next)
            } else if !isValueOnly || rows.integer(1) == 0 {
                break
            }
            next -= 1
            isRow = try rows.step()
        }
        return refused.reversed()
    }

    /// Rows that are looked at: value is one event in a hundred where there is much presence.
    private static let streakRows: Int64 = 4_096
}
