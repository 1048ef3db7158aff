internal import CSQLite
internal import Glibc

/// The tables, and the way from each version of them to the next.
///
/// `PRAGMA user_version` holds the version.
///
/// Version 1:
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
/// Version 2 keeps accounts (decision 13):
///
/// - `tally`: what the store has counted since ever, by `Tally`.
/// - `sink` tells what became of every event it was to have (`SinkAccount`), and up to which event
///   it has all events of value (`express`).
/// - `event_class` finds and counts events by class without reading them.
///
/// `checksum` is a CRC-32 of a row: SQLite notices damage of its own structure only. No two tables
/// have the same columns, so that a row found anywhere tells which it is from (`Salvage`).
enum Schema {
    /// The version this program writes.
    static let version: Int64 = 2

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
        """,
        """
        CREATE INDEX event_class ON event (class);
        CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
        ALTER TABLE sink ADD COLUMN express INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sink ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sink ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sink ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sink ADD COLUMN shed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sink ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
        INSERT INTO tally (name, count)
          SELECT CASE class WHEN 0 THEN 'committedValue' WHEN 1 THEN 'committedPresence'
            ELSE 'committedTelemetry' END, count(*)
          FROM event GROUP BY min(class, 2);
        INSERT INTO tally (name, count)
          SELECT 'earlier', ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)
            - (SELECT count(*) FROM event);
        UPDATE sink SET base = (SELECT count(*) FROM event WHERE event.sequence > sink.cursor)
          + (SELECT count(*) FROM rejected WHERE rejected.sink = sink.name)
          - (SELECT count(*) FROM event);
        """,
    ]

    /// Brings the database to this version in one transaction, or leaves it as it was.
    ///
    /// A database of an older version is copied first, for those who go back to the older hubd; on
    /// a disk without room for that it is brought forward all the same.
    static func migrate(
        _ database: Database, at path: String, isLong: () -> Void
    ) throws(DatabaseError) {
        let found = try database.number("PRAGMA user_version")
        guard found <= version else {
            throw DatabaseError(
                code: SQLITE_MISMATCH,
                text: "the store has schema \(found) and this hubd knows up to \(version): "
                    + "install the newer hubd again, or move the store away")
        }
        guard found < version else { return }
        if found > 0 {
            isLong()
            try backUp(database, at: path, version: found)
            isLong()
        }
        try database.transaction { () throws(DatabaseError) in
            for step in migrations.dropFirst(Int(max(0, found))) { try database.execute(step) }
            try database.execute("PRAGMA user_version = \(version)")
        }
    }

    /// The copy of a database as it was before it was brought forward.
    static func backup(of path: String, version: Int64) -> String { "\(path).schema-\(version)" }

    private static func backUp(
        _ database: Database, at path: String, version: Int64
    ) throws(DatabaseError) {
        let copy = backup(of: path, version: version)
        // Whole under its last name only; one that is there is of a migration that a crash ended.
        let building = copy + "-new"
        unsafe unlink(building)
        FileSystem.makePrivate(building)
        do throws(DatabaseError) {
            try database.prepare("VACUUM INTO ?1").run(.text(building))
            let failure = FileSystem.synchronize(file: building)
            guard failure == 0 else { throw DatabaseError(path: building, errno: failure) }
            guard unsafe rename(building, copy) == 0 else {
                throw DatabaseError(path: copy, errno: errno)
            }
        } catch {
            unsafe unlink(building)
            guard error.kind == .full else { throw error }
        }
    }
}
