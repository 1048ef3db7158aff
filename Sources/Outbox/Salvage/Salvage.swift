internal import Glibc

/// Saves what can be read of a damaged database.
///
/// Every row of every readable page is looked at, whatever the damaged parts say about which pages
/// belong together. A row tells by its columns which table it is from, and events and state prove
/// themselves by their checksums. A page that is free may still hold rows that were deleted: an
/// event comes back that every sink had, which its id makes harmless, and of values the newest
/// counts. One damaged page so costs the rows of that page only, wherever it is.
///
/// The new database is built beside the damaged one and takes its place when it is complete and on
/// the disk, so a crash in between loses nothing.
struct Salvage {
    let settings: StoreSettings

    /// Sequence numbers that are left out when it is not known which were used last: more than a
    /// damaged page or an unread log hold.
    private static let leap: Int64 = 4_096
    /// Damaged files that are kept for somebody to look at.
    private static let keptFiles = 2
    /// Rows per transaction.
    private static let batch = 1_000

    private var path: String { settings.path }
    private var building: String { path + "-salvage" }

    /// Puts the damaged file aside and opens one with what was saved.
    func run() throws(DatabaseError) -> (Ledger, SalvageReport) {
        let aside = path + ".corrupt-\(settings.clock().unixNanoseconds / 1_000_000_000)"
        for suffix in ["", "-wal"] { unsafe unlink(building + suffix) }
        var copy = settings
        copy.path = building
        var report = SalvageReport(path: aside, events: 0, values: 0, lost: 0)
        // Two files need room for a while.
        Reserve(path: path + "-reserve").release()
        try build(copy, &report)
        try swap(aside)
        let ledger = try Ledger(settings)
        return (ledger, report)
    }

    /// Ends a salvage that a crash interrupted between moving the damaged file away and moving the
    /// new one in.
    static func finish(_ settings: StoreSettings) throws(DatabaseError) {
        let salvage = Salvage(settings: settings)
        guard FileSystem.length(of: settings.path) == nil,
            FileSystem.length(of: salvage.building) != nil
        else { return }
        let aside = settings.path + ".corrupt-\(settings.clock().unixNanoseconds / 1_000_000_000)"
        try salvage.swap(aside)
    }

    /// The damaged file goes first: as long as it is there, the new one is not taken for it. Its
    /// log goes before the new file comes, which it must never be read into.
    private func swap(_ aside: String) throws(DatabaseError) {
        for (from, to) in [
            (path, aside), (path + "-wal", aside + "-wal"), (building, path),
        ] where unsafe rename(from, to) != 0 && errno != ENOENT {
            throw DatabaseError(path: to, errno: errno)
        }
        let failure = FileSystem.synchronize(folder: FileSystem.folder(of: path))
        guard failure == 0 else { throw DatabaseError(path: path, errno: failure) }
        for old in FileSystem.matches(path + ".corrupt-*").filter({ !$0.hasSuffix("-wal") })
            .dropLast(Self.keptFiles)
        {
            unsafe unlink(old)
            unsafe unlink(old + "-wal")
        }
    }

    // MARK: Building

    private func build(
        _ copy: StoreSettings, _ report: inout SalvageReport
    ) throws(DatabaseError) {
        let pages: DatabasePages
        do throws(SinkFault) {
            pages = try DatabasePages(path: path)
        } catch {
            throw DatabaseError(path: path, errno: EIO)
        }
        let ledger = try Ledger(copy, holdsReserve: false)
        var finds = SalvageFinds()
        var waiting: [LeafPage.Row] = []
        for number in pages.numbers {
            guard let bytes = pages.page(number) else { continue }
            let page = LeafPage(bytes: bytes, overflow: pages.page)
            for row in page.rows(start: number == 1 ? 100 : 0) {
                if row.columns.count == Ledger.eventColumns {
                    waiting.append(row)
                } else {
                    finds.add(row)
                }
            }
            if waiting.count >= Self.batch {
                report.events += try ledger.restore(waiting)
                waiting = []
            }
        }
        report.events += try ledger.restore(waiting)
        report.values = finds.state.count
        try finish(ledger, finds, &report)
        try ledger.checkpoint("TRUNCATE")
    }

    private func finish(
        _ ledger: Ledger, _ finds: SalvageFinds, _ report: inout SalvageReport
    ) throws(DatabaseError) {
        let newest = try ledger.database.number("SELECT max(sequence) FROM event")
        let cursor = finds.cursors.values.map(\.sequence).max() ?? 0
        let last = finds.lastSequence.map { max($0, newest) } ?? max(newest, cursor) + Self.leap
        let delivered = finds.cursors.values.map(\.sequence).min() ?? 0
        try ledger.restore(
            state: finds.state.mapValues(\.value),
            cursors: finds.cursors.filter { $1.sequence <= last },
            hubs: finds.hubs, lastSequence: last)
        for rejection in finds.rejections {
            try ledger.restore(
                rejected: rejection.sequence, sink: rejection.sink, reason: rejection.reason,
                time: rejection.time)
        }
        let missing = try ledger.missing(after: delivered, through: last)
        report.lost = missing.reduce(0) { $0 + $1.count }
        guard report.lost > 0 else { return }
        let now = settings.clock()
        let notice = Event.dropped(ranges: missing, count: report.lost, reason: "damaged", at: now)
        _ = try ledger.append([notice], at: now)
    }
}
