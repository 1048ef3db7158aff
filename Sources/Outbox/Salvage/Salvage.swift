internal import Glibc

/// Saves what can be read of a damaged database.
///
/// Every row of every readable page is looked at, whatever the damaged parts say about which pages
/// belong together. A row tells by its columns which table it is from, and events and state prove
/// themselves by their checksums. A page that is free may still hold rows that were deleted: an
/// event comes back that every sink had, which its id makes harmless, and of values the newest
/// counts. Those that gave way do not come back: notices have told that they are gone. One damaged
/// page so costs the rows of that page only, wherever it is.
///
/// The new database is built beside the damaged one and takes its place when it is complete and on
/// the disk, so a crash in between loses nothing.
///
/// Numbers go on behind the last that was used. Where the file does not tell that one, they go on
/// behind the mark (`NumberMark`), and a notice tells that those in between may have been used.
struct Salvage {
    let settings: StoreSettings
    /// What was found.
    let cause: String

    /// Sequence numbers that are left out when neither file nor mark tells which was used last:
    /// more than a damaged page or an unread log hold.
    private static let leap: Int64 = 4_096
    /// Damaged files that are kept for somebody to look at.
    private static let keptFiles = 2
    /// Rows per transaction.
    private static let batch = 8_192

    var path: String { settings.path }
    var building: String { path + "-salvage" }

    /// Puts the damaged file aside and opens one with what was saved.
    func run() throws(DatabaseError) -> (Ledger, SalvageReport) {
        for suffix in ["", "-wal"] { unsafe unlink(building + suffix) }
        var copy = settings
        copy.path = building
        // Rows are found in any order, which leaves pages half full: a full store needs more than it had.
        copy.quota = 2 * min(settings.quota, .max / 2)
        // It is on the disk before it takes its place.
        copy.synchronous = .off
        var report = self.report
        // Two files need room for a while.
        Reserve(path: path + "-reserve").release()
        try build(copy, &report)
        let failure = FileSystem.synchronize(file: building)
        guard failure == 0 else { throw DatabaseError(path: building, errno: failure) }
        try swap(report.path)
        let ledger = try Ledger(settings)
        return (ledger, report)
    }

    /// A report of nothing saved yet, with a name for the damaged file that is still free.
    var report: SalvageReport {
        let time = settings.clock().unixNanoseconds
        let name = path + ".corrupt-\(time / 1_000_000_000)"
        var aside = name
        var number = 1
        while FileSystem.length(of: aside) != nil {
            number += 1
            aside = name + "-\(number)"
        }
        return SalvageReport(cause: cause, path: aside, unixNanoseconds: time)
    }

    /// Ends a salvage that a crash interrupted between moving the damaged file away and moving the
    /// new one in.
    ///
    /// - Returns: a report of it; nil when there was none.
    static func finish(_ settings: StoreSettings) throws(DatabaseError) -> SalvageReport? {
        let salvage = Salvage(
            settings: settings, cause: "a salvage that was interrupted has been finished")
        guard FileSystem.length(of: settings.path) == nil,
            FileSystem.length(of: salvage.building) != nil
        else { return nil }
        let report = salvage.report
        try salvage.swap(report.path)
        return report
    }

    /// The damaged file goes first: as long as it is there, the new one is not taken for it. Its
    /// log goes before the new file comes, which it must never be read into.
    func swap(_ aside: String) throws(DatabaseError) {
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
        // A file that was removed is made again empty, so that there is one to put aside.
        FileSystem.makePrivate(path)
        let pages: DatabasePages
        do throws(SinkFault) {
            pages = try DatabasePages(path: path)
        } catch {
            throw DatabaseError(path: path, errno: EIO)
        }
        let ledger = try Ledger(copy, isBuilding: true)
        // Made again in one go.
        try ledger.database.execute("DROP INDEX event_class")
        var toldAt = BootClock.now()
        settings.onLongWork()
        var finds = SalvageFinds()
        var waiting: [LeafPage.Row] = []
        func take(_ events: [StoredEvent]) {
            report.events += events.count
            finds.add(events)
        }
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
                take(try ledger.restore(waiting))
                waiting.removeAll(keepingCapacity: true)
            }
            if BootClock.now() > toldAt + 1_000_000_000 {
                toldAt = BootClock.now()
                settings.onLongWork()
            }
        }
        take(try ledger.restore(waiting))
        settings.onLongWork()
        try ledger.database.execute("CREATE INDEX event_class ON event (class)")
        report.values = finds.state.count
        try finish(ledger, finds, &report)
        try ledger.checkpoint("TRUNCATE")
    }

    private func finish(
        _ ledger: Ledger, _ found: SalvageFinds, _ report: inout SalvageReport
    ) throws(DatabaseError) {
        var finds = found
        report.events -= try ledger.forget(finds.gaveWay)
        let mark = try NumberMark(reading: Ledger.markPath(settings))
        let newest = try ledger.database.number("SELECT max(sequence) FROM event")
        // The small tables have no checksums; what goes beyond what can have been used is no row.
        finds.bound(by: mark.reserved > 0 ? max(mark.reserved, newest) : Ledger.numberLimit - 1)
        let cursor = finds.cursors.values.map(\.sequence).max() ?? 0
        let known = max(newest, cursor, finds.lastSequence ?? 0)
        var last = known
        if finds.lastSequence == nil || mark.isBeyond(known) {
            last = mark.reserved > known ? mark.reserved : known + Self.leap
        }
        try ledger.restore(
            state: finds.state.mapValues(\.value), cursors: finds.cursors, hubs: finds.hubs,
            lastSequence: last)
        for rejection in finds.rejections {
            try ledger.restore(
                rejected: rejection.sequence, sink: rejection.sink, reason: rejection.reason,
                time: rejection.time)
        }
        // Without a sink nothing counts as delivered.
        let delivered = finds.cursors.values.map(\.sequence).min()
        let kept = try ledger.database.number("SELECT min(sequence) FROM event")
        let first = max(1, mark.reserved > 0 ? mark.oldest : kept)
        let lost = try ledger.missing(
            from: delivered.map { $0 + 1 } ?? first, through: known, explained: finds.explained)
        report.lost = lost.numberCount
        report.unknown = Int(last - known)
        if let delivered {
            report.gone = try ledger.missing(
                from: first, through: delivered, explained: finds.explained
            ).numberCount
        }
        try ledger.settleAccounts(
            found: finds.tallies, lost: report.lost + report.gone, skipped: report.unknown)
        try tell(of: lost, unknown: last > known ? [known + 1...last] : [], in: ledger)
    }

    /// Puts notices behind the events, so that numbers that are missing are explained.
    private func tell(
        of lost: [ClosedRange<Int64>], unknown: [ClosedRange<Int64>], in ledger: Ledger
    ) throws(DatabaseError) {
        let now = settings.clock()
        var notices = stride(from: 0, to: lost.count, by: Ledger.shedBatch).map { start in
            let part = Array(lost[start..<min(lost.count, start + Ledger.shedBatch)])
            return Event.dropped(ranges: part, count: part.numberCount, reason: "damaged", at: now)
        }
        if !unknown.isEmpty {
            notices.append(.dropped(ranges: unknown, count: nil, reason: "unknown", at: now))
        }
        if !notices.isEmpty { _ = try ledger.append(notices, at: now) }
    }
}
