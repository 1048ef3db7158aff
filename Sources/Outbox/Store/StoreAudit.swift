/// What the crash rigs check after each crash.
package struct StoreAudit: Sendable {
    /// `ok`, or the first fault SQLite finds in the structure of the file.
    package var integrity: String
    /// How many events there are.
    package var count: Int64
    /// The sequence of the last one.
    package var last: Int64
    /// The accounts that do not come out even.
    package var mismatches: [Account]
}

extension Store {
    /// Checks the whole file.
    package func audit() throws(OutboxError) -> StoreAudit {
        let mismatches = try ledgerAccounts().filter { $0.difference != 0 }
        return try attempt { ledger throws(DatabaseError) in
            let check = try ledger.database.prepare("PRAGMA integrity_check")
            let text = try check.step() ? check.text(0) : ""
            check.reset()
            return StoreAudit(
                integrity: text, count: try ledger.database.number("SELECT count(*) FROM event"),
                last: ledger.lastSequence, mismatches: mismatches)
        }
    }
}
