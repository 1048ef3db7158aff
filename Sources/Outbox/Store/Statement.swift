internal import CSQLite

/// A prepared statement, used again and again.
///
/// Safe: the handle is finalized in `deinit`, and the connection is kept alive until then.
@safe final class Statement {
    /// A parameter.
    enum Value {
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    private let handle: OpaquePointer
    private let database: Database
    private let sql: String

    /// Takes over a prepared handle.
    init(handle: OpaquePointer, of database: Database, sql: String) {
        unsafe self.handle = handle
        self.database = database
        self.sql = sql
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Goes to the next row of a query with these parameters.
    func first(_ values: [Value]) throws(DatabaseError) -> Bool {
        try bind(values)
        return try step()
    }

    /// The same, with the parameters one by one.
    func first(_ values: Value...) throws(DatabaseError) -> Bool {
        try first(values)
    }

    /// Runs the statement with these parameters to its end.
    func run(_ values: [Value]) throws(DatabaseError) {
        try bind(values)
        while try step() {}
    }

    /// The same, with the parameters one by one.
    func run(_ values: Value...) throws(DatabaseError) {
        try run(values)
    }

    /// Goes to the next row; false after the last one, and then starts anew.
    func step() throws(DatabaseError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            unsafe sqlite3_reset(handle)
            return false
        default:
            let error = database.error(code, doing: sql)
            unsafe sqlite3_reset(handle)
            throw error
        }
    }

    /// Starts anew before the last row is reached, so that no transaction stays open for it.
    func reset() {
        unsafe sqlite3_reset(handle)
    }

    private func bind(_ values: [Value]) throws(DatabaseError) {
        for (index, value) in values.enumerated() {
            let code = bind(value, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw database.error(code, doing: sql) }
        }
    }

    private func bind(_ value: Value, at index: Int32) -> Int32 {
        switch value {
        case .integer(let number): unsafe sqlite3_bind_int64(handle, index, number)
        case .text(let text):
            unsafe sqlite3_bind_text64(
                handle, index, text, UInt64(text.utf8.count), hub_sqlite_transient(),
                UInt8(SQLITE_UTF8))
        case .blob(let bytes):
            // The null pointer of no bytes would bind NULL instead of an empty value.
            bytes.isEmpty
                ? unsafe sqlite3_bind_zeroblob(handle, index, 0)
                : unsafe sqlite3_bind_blob64(
                    handle, index, bytes, UInt64(bytes.count), hub_sqlite_transient())
        }
    }

    /// A column of the row as a number.
    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    /// A column of the row as text; bytes that are not UTF-8 are repaired.
    func text(_ column: Int32) -> String {
        String(decoding: blob(column), as: UTF8.self)
    }

    /// A column of the row as bytes.
    func blob(_ column: Int32) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
