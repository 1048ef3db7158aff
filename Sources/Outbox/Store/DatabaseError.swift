internal import CSQLite
internal import Glibc

/// What SQLite, or the file under it, answered.
struct DatabaseError: Error, Hashable, Sendable {
    /// What can be done about it.
    enum Kind {
        /// No more pages: the quota or the disk.
        case full
        /// The file is damaged, or is no database.
        case corrupt
        /// Another process holds the lock.
        case locked
        /// The disk failed, or cannot be written.
        case disk
        /// The open file is no longer the one at its path.
        case moved
        /// The file was written by a newer hubd.
        case newer
        /// A fault of ours.
        case other
    }

    /// SQLITE_READONLY_DBMOVED, which is a macro that Swift does not see.
    static let moved = SQLITE_READONLY | 4 << 8

    /// A code of ours: nothing is gained by what was tried.
    static let barren = SQLITE_FULL | 255 << 8

    /// SQLite's extended result code.
    var code: Int32
    /// SQLite's text and what was being done.
    var text: String

    /// An error of a system call.
    init(path: String, errno: Int32) {
        code = errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR
        text = "\(path): \(errnoText(errno))"
    }

    init(code: Int32, text: String) {
        self.code = code
        self.text = text
    }

    /// The kind of the code.
    var kind: Kind {
        if code == Self.moved { return .moved }
        return switch code & 0xff {
        case SQLITE_FULL: .full
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_BUSY, SQLITE_LOCKED: .locked
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_NOMEM: .disk
        case SQLITE_MISMATCH: .newer
        default: .other
        }
    }

    /// The error as the caller of the store sees it.
    var outboxError: OutboxError {
        switch kind {
        case .full: OutboxError(.full, "the store is full: \(text)")
        case .locked: OutboxError(.locked, "another process has the store open: \(text)")
        case .newer: OutboxError(.newerSchema, text)
        case .corrupt, .disk, .moved, .other: OutboxError(.storage, "the store failed: \(text)")
        }
    }
}
