internal import CSQLite

/// What is on disk: the events, how far each sink is, and the daemon's own state.
///
/// Everything here is one SQLite file with a write-ahead log, `synchronous = FULL`: when a
/// function that writes returns, what it wrote survives a power cut. Used on the store's thread
/// only. Making room is in `LedgerRoom`, the sinks' side in `LedgerSinks`.
final class Ledger {
    /// How far a sink has got.
    struct Cursor: Equatable, Sendable {
        /// The sequence of the last event it has; 0 for none.
        var sequence: Int64
        /// A place in the sink's own terms: for a file, its length after that event.
        var place: Int64
        /// The sink has all events of value up to this one, also those behind `sequence`
        /// (decision 13).
        var express: Int64 = 0
    }

    /// SQLite's default page size; the quota and the reserve are counted in these.
    static let pageSize: Int64 = 4_096
    /// Sequence numbers are below 2⁵³: every JSON reader has them exact (RFC 8259, §6).
    static let numberLimit: Int64 = 1 << 53

    let database: Database
    let path: String
    /// The most pages the settings allow.
    let quotaPages: Int64
    /// The most pages with notes of what became of events.
    let notePages: Int64
    /// The sequence of the newest event; 0 before the first.
    private(set) var lastSequence: Int64
    /// The id of the newest event, if its row is still there.
    private(set) var lastID: UniqueID?
    /// How far each sink has got.
    var cursors: [String: Cursor] = [:]
    /// For each sink the number of events it has not got.
    var depths: [String: Int] = [:]
    /// What became of the events that each sink was to have.
    var accounts: [String: SinkAccount] = [:]
    /// What the store has counted.
    var tallies: [Tally: Int64] = [:]
    /// Events that got a number since the file was opened, without `ownNotices`.
    private(set) var numbered = 0
    /// Up to this number nothing of a kind is worth dropping: where to look for the next.
    var shedFloor: [Shed: Int64] = [:]
    /// Space kept back for when the disk is full.
    var reserve: Reserve
    /// How far the hub has counted; nil while the file is being built.
    private var mark: NumberMark?
    /// Whether the file may not grow because the disk is full.
    var isPinned = false
    /// Notices that were put among the events and are not published yet.
    var notices: [StoredEvent] = []
    /// Events dropped after they had a sequence, since the file was opened.
    var shedCount = 0
    /// The last event of the last transaction that was to keep events, also when it failed: whether it
    /// took place after all is asked when the file has been opened again. Nil when it got to none.
    private(set) var lastAttempt: (sequence: Int64, id: UniqueID)?

    /// Which files are open: the database and its log.
    private var openFiles: [String: FileSystem.Identity] = [:]
    private var ids = EventIDSource()
    let hub: String
    private(set) var hubNumber: Int64 = 0
    private var hubs: [Int64: String] = [:]
    private let insertion: Statement
    private let reading: Statement
    private let stating: Statement
    private let unstating: Statement
    let leftReading: Statement
    let valueReading: Statement
    let moving: Statement
    let tallying: Statement
    let accounting: Statement
    let counting: Statement

    /// Opens the store's file, or makes it; `isBuilding` for one that is to take the place of
    /// another, and so has no files beside it.
    init(_ settings: StoreSettings, isBuilding: Bool = false) throws(DatabaseError) {
        path = settings.path
        hub = settings.hub
        // The log takes its rights from the file.
        FileSystem.makePrivate(settings.path)
        let database = try Database(path: settings.path)
        self.database = database
        quotaPages = try Self.configure(database, settings)
        // Before the quota holds: what a newer schema takes of a full store is not refused.
        try Schema.migrate(database, at: settings.path, isLong: settings.onLongWork)
        notePages = Self.pagesWithNotes(
            quota: quotaPages, opened: try database.number("PRAGMA page_count"))
        try database.execute("PRAGMA max_page_count = \(quotaPages)")
        insertion = try database.prepare(
            """
            INSERT INTO event (sequence, id, class, type, subject, time, utc_offset, synchronized,
              boot, monotonic, hub, data, checksum)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """)
        reading = try database.prepare(
            "SELECT * FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")
        stating = try database.prepare(
            """
            INSERT INTO state (key, value, revision, checksum) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3, checksum = ?4
            """)
        unstating = try database.prepare("DELETE FROM state WHERE key = ?1")
        // The plus keeps SQLite from going by class instead of by number.
        leftReading = try database.prepare(
            """
            SELECT * FROM event WHERE sequence > ?1 AND (+class <> 0 OR sequence > ?3)
            ORDER BY sequence LIMIT ?2
            """)
        valueReading = try database.prepare(
            "SELECT * FROM event WHERE class = 0 AND sequence > ?1 ORDER BY sequence LIMIT ?2")
        moving = try database.prepare(
            "UPDATE sink SET cursor = ?2, place = ?3, express = ?4 WHERE name = ?1")
        tallying = try database.prepare(
            """
            INSERT INTO tally (name, count) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET count = count + ?2
            """)
        accounting = try database.prepare(
            """
            UPDATE sink SET base = base + ?2, confirmed = confirmed + ?3, given_up = given_up + ?4,
              shed = shed + ?5, expired = expired + ?6 WHERE name = ?1
            """)
        counting = try database.prepare(
            "SELECT count(*) FROM event WHERE class = ?1 AND sequence > ?2 AND sequence <= ?3")
        lastSequence = 0
        reserve = Reserve(path: settings.path + "-reserve")
        try reload()
        for file in [path, path + "-wal"] { openFiles[file] = FileSystem.identity(of: file) }
        guard !isBuilding else { return }
        let mark = try NumberMark(opening: Self.markPath(settings))
        guard !mark.isBeyond(lastSequence) else {
            throw DatabaseError(
                code: SQLITE_CORRUPT,
                text:
                    "the last event is \(lastSequence), but numbers up to \(mark.reserved) may have "
                    + "been used: an older file was put in its place")
        }
        self.mark = mark
        if lastSequence > 0 { try reserveNumbers(through: lastSequence) }
        try restoreReserve()
    }

    /// Throws `.moved` when somebody removed or replaced the files: what is written from then on is
    /// gone with the process.
    func checkPlace() throws(DatabaseError) {
        for (file, identity) in openFiles where FileSystem.identity(of: file) != identity {
            throw DatabaseError(
                code: DatabaseError.moved,
                text: "\(file) was removed or replaced while hubd had it open")
        }
    }

    /// Where the mark of a store is.
    static func markPath(_ settings: StoreSettings) -> String { settings.path + "-mark" }

    /// Reserves the numbers up to this one.
    private func reserveNumbers(through number: Int64) throws(DatabaseError) {
        do throws(DatabaseError) {
            try mark?.reserve(through: number, oldest: oldestKept)
        } catch {
            // Without room for the first mark events are kept all the same; the next ones try again.
            guard error.kind == .full else { throw error }
        }
    }

    /// Notes that old events are gone.
    func noteOldest() throws(DatabaseError) {
        do throws(DatabaseError) {
            try mark?.note(oldest: oldestKept())
        } catch {
            guard error.kind == .full else { throw error }
        }
    }

    /// The oldest event that is not kept only for being rejected.
    func oldestKept() throws(DatabaseError) -> Int64 {
        let oldest = try database.number(
            """
            SELECT sequence FROM event
            WHERE NOT EXISTS (SELECT 1 FROM rejected WHERE rejected.sequence = event.sequence)
            ORDER BY sequence LIMIT 1
            """)
        return oldest == 0 ? lastSequence + 1 : oldest
    }

    /// Reads what is kept in memory of the tables.
    func reload() throws(DatabaseError) {
        try loadHubs()
        lastSequence = try database.number(
            "SELECT seq FROM sqlite_sequence WHERE name = 'event'")
        let newest = try database.number("SELECT max(sequence) FROM event")
        let oldest = try database.number("SELECT min(sequence) FROM event")
        // Whatever is counted from here on stays in these bounds, so no sum of it overflows.
        guard oldest >= 0, newest <= lastSequence, lastSequence < Self.numberLimit else {
            throw DatabaseError(
                code: SQLITE_CORRUPT,
                text:
                    "events \(oldest) to \(newest) do not go with \(lastSequence) as the last number"
            )
        }
        lastID = try events(after: lastSequence - 1, limit: 1).first?.id
        try loadTallies()
        try loadSinks()
    }

    /// Sets the connection up.
    ///
    /// - Returns: the quota in pages.
    private static func configure(
        _ database: Database, _ settings: StoreSettings
    ) throws(DatabaseError) -> Int64 {
        // The exclusive lock has three reasons: a second hubd is refused; the index of the log
        // stays in memory, so no `-shm` file is mapped that a full disk could turn into SIGBUS;
        // and SQLite's fault with two connections resetting the log (fixed in 3.51.3) cannot
        // occur. It comes first: WAL is entered under it.
        try database.execute(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = \(pageSize)")
        let mode = try database.prepare("PRAGMA journal_mode = WAL")
        guard try mode.step(), mode.text(0) == "wal" else {
            throw DatabaseError(
                code: SQLITE_CANTOPEN, text: "\(settings.path): the file system takes no log file")
        }
        mode.reset()
        let half = FileSystem.size(at: settings.path).map { $0 / 2 } ?? .max
        let pages = max(min(settings.quota, half), StoreSettings.smallestQuota) / pageSize
        try database.execute(
            """
            PRAGMA synchronous = \(settings.synchronous.rawValue);
            PRAGMA wal_autocheckpoint = 1000;
            -- A log of 1,000 pages and one large transaction; what is above it is given back.
            PRAGMA journal_size_limit = \(8 << 20);
            PRAGMA cache_size = -2048;
            PRAGMA temp_store = MEMORY;
            PRAGMA secure_delete = FAST;
            PRAGMA cell_size_check = ON;
            PRAGMA trusted_schema = OFF;
            """)
        return pages
    }

    private func loadHubs() throws(DatabaseError) {
        try database.prepare("INSERT OR IGNORE INTO hub (id) VALUES (?1)").run(.text(hub))
        let rows = try database.prepare("SELECT number, id FROM hub")
        while try rows.step() {
            hubs[rows.integer(0)] = rows.text(1)
            if rows.text(1) == hub { hubNumber = rows.integer(0) }
        }
    }

    // MARK: Events

    /// Makes events and changes of state durable, all or nothing.
    func append(
        _ events: [Event], state: [StateChange] = [], at now: EventTime
    ) throws(DatabaseError) -> [StoredEvent] {
        // One that fails before it has an event must not be taken for the one before it.
        lastAttempt = nil
        let stored = try accounted { counts throws(DatabaseError) in
            let stored = try insert(events, after: lastSequence, at: now)
            for change in state { try apply(change) }
            lastAttempt = stored.last.map { ($0.sequence, $0.id) }
            counts.add(committed: events)
            return stored
        }
        advance(past: stored)
        numbered += stored.count
        return stored
    }

    /// Inserts rows within a transaction; the caller calls `advance` after its commit.
    func insert(
        _ events: [Event], after last: Int64, at now: EventTime
    ) throws(DatabaseError) -> [StoredEvent] {
        guard last < Self.numberLimit - Int64(events.count) else {
            throw DatabaseError(
                code: SQLITE_TOOBIG, text: "\(path): event \(last) leaves no number for another")
        }
        try reserveNumbers(through: last + Int64(events.count))
        let milliseconds = now.unixNanoseconds.floorDivided(by: 1_000_000).quotient
        var stored: [StoredEvent] = []
        stored.reserveCapacity(events.count)
        let hub = hubs[hubNumber] ?? ""
        for event in events {
            let row = StoredEvent(
                sequence: last + Int64(stored.count) + 1, id: ids.next(at: milliseconds),
                hub: hub, event: event)
            try insertRow(row, hub: hubNumber)
            stored.append(row)
        }
        return stored
    }

    /// Notes what a commit has added.
    func advance(past stored: [StoredEvent]) {
        guard let last = stored.last else { return }
        lastSequence = last.sequence
        lastID = last.id
        for name in depths.keys { depths[name, default: 0] += stored.count }
    }

    private func insertRow(_ row: StoredEvent, hub: Int64) throws(DatabaseError) {
        let event = row.event
        let size =
            2 * UniqueID.size + event.type.utf8.count + event.subject.utf8.count + event.data.count
        try insertion.run(size: size) { parameters in
            parameters.add(row.sequence)
            parameters.add(row.id)
            parameters.add(Int64(event.eventClass.rawValue))
            parameters.add(event.type)
            parameters.add(event.subject)
            parameters.add(event.time.unixNanoseconds)
            parameters.add(Int64(event.time.utcOffset))
            parameters.add(event.time.isSynchronized ? 1 : 0)
            parameters.add(event.time.boot)
            parameters.add(event.time.bootNanoseconds)
            parameters.add(hub)
            parameters.add(event.data)
            parameters.add(row.checksum)
        }
    }

    /// The kept events after a sequence, oldest first: at most `limit`, and no more than the first
    /// that brings them to `bytes`.
    func events(
        after sequence: Int64, limit: Int, bytes: Int = .max
    ) throws(DatabaseError) -> [StoredEvent] {
        try events(
            in: reading, [.integer(sequence), .integer(Int64(limit))], bytes: bytes)
    }

    /// The events that a statement yields, no more than the first that brings them to `bytes`.
    func events(
        in statement: Statement, _ values: [Statement.Value], bytes: Int
    ) throws(DatabaseError) -> [StoredEvent] {
        var events: [StoredEvent] = []
        var size = 0
        var isRow = try statement.first(values)
        defer { statement.reset() }
        while isRow {
            let event = try event(in: statement)
            size += event.event.weight
            events.append(event)
            if size >= bytes { break }
            isRow = try statement.step()
        }
        return events
    }

    /// The event in a row of `SELECT * FROM event`.
    func event(in row: Statement) throws(DatabaseError) -> StoredEvent {
        let sequence = row.integer(0)
        guard let id = UniqueID(bytes: row.blob(1)), let boot = UniqueID(bytes: row.blob(8)),
            let eventClass = Event.Class(rawValue: UInt8(truncatingIfNeeded: row.integer(2)))
        else { throw damaged(sequence) }
        let stored = StoredEvent(
            sequence: sequence, id: id, hub: hubs[row.integer(10)] ?? "",
            event: Event(
                type: row.text(3), subject: row.text(4),
                time: EventTime(
                    unixNanoseconds: row.integer(5), utcOffset: Int(row.integer(6)),
                    isSynchronized: row.integer(7) != 0, boot: boot,
                    bootNanoseconds: row.integer(9)),
                data: row.blob(11), class: eventClass))
        guard stored.checksum == row.integer(12) else { throw damaged(sequence) }
        return stored
    }

    private func damaged(_ sequence: Int64) -> DatabaseError {
        DatabaseError(code: SQLITE_CORRUPT, text: "event \(sequence) fails its checksum")
    }

    // MARK: State

    /// Applies one change within a transaction.
    func apply(_ change: StateChange) throws(DatabaseError) {
        if let value = change.value {
            try stating.run(
                .text(change.key), .blob(value), .integer(lastSequence), .integer(change.checksum))
        } else {
            try unstating.run(.text(change.key))
        }
    }

    /// The values of all keys that begin with `prefix`.
    func state(prefix: String) throws(DatabaseError) -> [String: [UInt8]] {
        let rows = try database.prepare(
            "SELECT key, value, checksum FROM state WHERE substr(key, 1, length(?1)) = ?1")
        var state: [String: [UInt8]] = [:]
        var isRow = try rows.first(.text(prefix))
        while isRow {
            let change = StateChange(key: rows.text(0), value: rows.blob(1))
            guard change.checksum == rows.integer(2) else {
                throw DatabaseError(
                    code: SQLITE_CORRUPT, text: "state \(change.key) fails its checksum")
            }
            state[change.key] = change.value
            isRow = try rows.step()
        }
        return state
    }
}
