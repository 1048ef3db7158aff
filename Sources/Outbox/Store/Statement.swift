internal import CSQLite

/// A prepared statement, used again and again.
///
/// Safe: the handle is finalized in `deinit`, and the connection is kept alive until then. What is bound
/// lies in `bound` until it is bound anew, so SQLite need not copy each value.
@safe final class Statement {
    /// A parameter.
    enum Value {
        case integer(Int64)
        case text(String)
        case blob([UInt8])

        /// How many bytes have to lie somewhere.
        fileprivate var size: Int {
            switch self {
            case .integer: 0
            case .text(let text): text.utf8.count
            case .blob(let bytes): bytes.count
            }
        }
    }

    private let handle: OpaquePointer
    private let database: Database
    private let sql: String
    private var bound: UnsafeMutableRawBufferPointer

    /// Takes over a prepared handle.
    init(handle: OpaquePointer, of database: Database, sql: String) {
        unsafe self.handle = handle
        self.database = database
        self.sql = sql
        unsafe bound = .allocate(byteCount: 1, alignment: 1)
    }

    deinit {
        unsafe sqlite3_finalize(handle)
        unsafe bound.deallocate()
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

    /// Runs the statement to its end with the parameters that `fill` writes down; they take at most
    /// `size` bytes, numbers none.
    func run(size: Int, _ fill: (inout Parameters) -> Void) throws(DatabaseError) {
        try bind(size: size, fill)
        while try step() {}
    }

    private func bind(_ values: [Value]) throws(DatabaseError) {
        try bind(size: values.reduce(0) { $0 + $1.size }) { parameters in
            for value in values {
                switch value {
                case .integer(let number): parameters.add(number)
                case .text(let text): parameters.add(text)
                case .blob(let bytes): parameters.add(bytes)
                }
            }
        }
    }

    private func bind(
        size: Int, _ fill: (inout Parameters) -> Void
    ) throws(DatabaseError) {
        makeRoom(for: size)
        var parameters = unsafe Parameters(of: handle, in: bound)
        fill(&parameters)
        guard parameters.code == SQLITE_OK else {
            throw database.error(parameters.code, doing: sql)
        }
    }

    /// What was bound before is not read any more: it is all bound anew.
    private func makeRoom(for size: Int) {
        guard unsafe size > bound.count else { return }
        unsafe sqlite3_clear_bindings(handle)
        unsafe bound.deallocate()
        unsafe bound = .allocate(byteCount: size, alignment: 1)
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
