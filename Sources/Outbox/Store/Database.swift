internal import CSQLite

/// The one connection to the database file. Used on the store's thread only.
///
/// Safe: the handle is closed in `deinit` and never leaves this file and `Statement`.
@safe final class Database {
    private let handle: OpaquePointer
    private static let uncounted: Void = hub_sqlite_uncounted()

    /// Opens or makes the file.
    init(path: String) throws(DatabaseError) {
        Self.uncounted
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard let handle = unsafe opened else {
            throw DatabaseError(code: code, text: "opening \(path): out of memory")
        }
        guard code == SQLITE_OK else {
            let error = unsafe Self.error(code, of: handle, doing: "opening \(path)")
            unsafe sqlite3_close_v2(handle)
            throw error
        }
        unsafe self.handle = handle
        unsafe sqlite3_extended_result_codes(handle, 1)
    }

    deinit {
        // A connection closed in the middle of things is what a crash is, and as harmless.
        unsafe sqlite3_close_v2(handle)
    }

    /// Whether a transaction is open; SQLite ends it by itself on some errors.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// How many rows the last statement changed.
    var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

    /// Runs SQL that returns nothing of interest.
    func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, doing: sql) }
    }

    /// Prepares a statement.
    func prepare(_ sql: String) throws(DatabaseError) -> Statement {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else {
            throw error(code, doing: sql)
        }
        return unsafe Statement(handle: statement, of: self, sql: sql)
    }

    /// The one number that `sql` yields; 0 for no row.
    func number(_ sql: String) throws(DatabaseError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Runs `body` in one transaction: all of it becomes durable, or nothing of it.
    func transaction<Result>(
        _ body: () throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        try execute("BEGIN IMMEDIATE")
        do throws(DatabaseError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // A failed rollback leaves a transaction open; the next BEGIN fails with its reason.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// An error with SQLite's text.
    func error(_ code: Int32, doing: String) -> DatabaseError {
        unsafe Self.error(code, of: handle, doing: doing)
    }

    private static func error(
        _ code: Int32, of handle: OpaquePointer, doing: String
    ) -> DatabaseError {
        let system = unsafe sqlite3_system_errno(handle)
        // A line of the journal is one line; the first words of a statement tell which it is.
        let words = doing.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let short = words.count > 60 ? words.prefix(60) + "…" : words[...]
        var text = unsafe String(cString: sqlite3_errmsg(handle)) + " (\(short))"
        if system != 0 { text += ": " + errnoText(system) }
        return DatabaseError(code: code, text: text)
    }
}
