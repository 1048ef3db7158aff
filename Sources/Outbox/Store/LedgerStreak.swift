/// What a sink refused last, found again after a restart.
extension Ledger {
    /// The events that were set aside for a sink and behind which it has taken none, by lane, as far as
    /// what is kept tells; at most as many as matter.
    func streak(of sink: String) throws(DatabaseError) -> [Lane: [Int64]] {
        guard let cursor = cursors[sink] else { return [:] }
        var streak: [Lane: [Int64]] = [:]
        let regular = try refused(by: sink, through: cursor.sequence, from: .telemetry)
        if !regular.isEmpty { streak[.regular] = regular }
        guard cursor.express > cursor.sequence else { return streak }
        let express = try refused(by: sink, through: cursor.express, from: .value)
            .filter { $0 > cursor.sequence }
        if !express.isEmpty { streak[.express] = express }
        return streak
    }

    /// The last events up to a number, of value or of all classes, as long as they were refused.
    private func refused(
        by sink: String, through last: Int64, from lowest: Event.Class
    ) throws(DatabaseError) -> [Int64] {
        let rows = try database.prepare(
            """
            SELECT sequence, EXISTS (SELECT 1 FROM rejected
              WHERE rejected.sequence = event.sequence AND sink = ?1 AND retry = 0)
            FROM event WHERE sequence <= ?2 AND class <= ?3 ORDER BY sequence DESC LIMIT ?4
            """)
        var refused: [Int64] = []
        var isRow = try rows.first(
            .text(sink), .integer(last), .integer(Int64(lowest.rawValue)),
            .integer(Int64(DeliveryMachine.streakLimit)))
        while isRow, rows.integer(1) != 0 {
            refused.append(rows.integer(0))
            isRow = try rows.step()
        }
        rows.reset()
        return refused.reversed()
    }
}
