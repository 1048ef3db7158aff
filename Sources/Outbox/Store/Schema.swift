internal import CSQLite

/// The tables, and the way from each version of them to the next.
///
/// `PRAGMA user_version` holds the version. Version 1:
///
/// - `event`: one row per kept event; `sequence` never comes again (AUTOINCREMENT), also when all
///   rows are gone. `data` and the names are kept, not the CloudEvent: with its text around it an
///   event takes more than twice the room, and 72 hours of one event a second must fit in 128 MiB.
/// - `hub`: the ids this hub has had; an event keeps the one it happened under.
/// - `sink`: how far each sink has got, and a place in the sink's own terms.
/// - `rejected`: events a sink would not have; their rows in `event` are kept as long.
/// - `state`: what the daemon wants to find again, in the same transactions as its events;
///   `revision` is the sequence of the newest event at the time.
///
/// `checksum` is a CRC-32 of a row: SQLite notices damage of its own structure only. No two tables
/// have the same columns, so that a row found anywhere tells which it is from (`Salvage`).
enum Schema {
    /// The version this program writes.
    static let version: Int64 = 1

    private static let migrations: [String] = [
        """
        CREATE TABLE event (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          id BLOB NOT NULL, class INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
          time INTEGER NOT NULL, utc_offset INTEGER NOT NULL, synchronized INTEGER NOT NULL,
          boot BLOB NOT NULL, monotonic INTEGER NOT NULL, hub INTEGER NOT NULL,
          data BLOB NOT NULL, checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE hub (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE sink (
          name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, place INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE rejected (
          sequence INTEGER NOT NULL, sink TEXT NOT NULL, reason TEXT NOT NULL,
          time INTEGER NOT NULL, retry INTEGER NOT NULL, PRIMARY KEY (sequence, sink)
        ) STRICT;
        CREATE TABLE state (
          key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL,
          checksum INTEGER NOT NULL
        ) STRICT;
        """
    ]

    /// Brings the database to this version in one transaction, or leaves it as it was.
    static func migrate(_ database: Database) throws(DatabaseError) {
        let found = try database.number("PRAGMA user_version")
        guard found <= version else {
            throw DatabaseError(
                code: SQLITE_MISMATCH,
                text: "the store has schema \(found) and this hubd knows up to \(version): "
                    + "install the newer hubd again, or move the store away")
        }
        guard found < version else { return }
        try database.transaction { () throws(DatabaseError) in
            for step in migrations.dropFirst(Int(max(0, found))) { try database.execute(step) }
            try database.execute("PRAGMA user_version = \(version)")
        }
    }
}
