/// Reading kept events for people.
extension Ledger {
    /// The part of the quota that rows take, 0 to 1.
    var used: Double {
        get throws(DatabaseError) {
            let pages = try database.number("PRAGMA page_count")
            let free = try database.number("PRAGMA freelist_count")
            return Double(pages - free) / Double(max(1, quotaPages))
        }
    }

    /// A page of events that fit, from at most so many rows.
    func page(
        after sequence: Int64, notBefore unixNanoseconds: Int64, type: String?, limit: Int,
        rows: Int
    ) throws(DatabaseError) -> EventPage {
        let statement = try database.prepare(
            "SELECT * FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")
        var page = EventPage(events: [], through: sequence, hasMore: false)
        var seen = 0
        var isRow = try statement.first(.integer(sequence), .integer(Int64(rows + 1)))
        defer { statement.reset() }
        while isRow {
            guard seen < rows, page.events.count < limit else {
                page.hasMore = true
                return page
            }
            seen += 1
            page.through = statement.integer(0)
            if statement.integer(5) >= unixNanoseconds,
                type.map({ Self.matches(statement.text(3), $0) }) ?? true
            {
                page.events.append(try event(in: statement))
            }
            isRow = try statement.step()
        }
        return page
    }

    /// A pattern that ends with a dot means all types that begin with it.
    private static func matches(_ type: String, _ pattern: String) -> Bool {
        pattern.hasSuffix(".") ? type.hasPrefix(pattern) : type == pattern
    }
}
