internal import CSQLite

/// Opening again after the disk or the file has failed.
///
/// A failed fsync is never repeated: the kernel may have dropped the pages and say yes the second
/// time. The connection is closed, the file opened again, and what the log holds is written into
/// the database file and synchronized anew; only then is it known what took place.
extension Store {
    /// A transaction of which it is not known whether it took place.
    struct InDoubt {
        /// Its loose events, to be committed when it did not.
        var pack: Pack
        /// How many events it had.
        var count = 0
        /// Its last event, if it got as far as having one.
        var last: (sequence: Int64, id: UniqueID)?
        /// Whether it was counted when it seemed to have taken place; the file failed behind it.
        var isNumbered = false
    }

    /// A commit failed because of the disk or the file.
    func recover(_ pack: Pack, from error: DatabaseError) {
        let last = ledger?.lastAttempt
        let doubt = InDoubt(
            pack: pack, count: pack.events(at: settings.clock()).count, last: last,
            isNumbered: last != nil && ledger?.lastID == last?.id)
        guard fail(error), reopenNow() else { return giveUp(doubt) }
        if let stored = tookPlace(doubt) {
            settle(pack, stored)
            return
        }
        do throws(DatabaseError) {
            guard let ledger else { return giveUp(doubt) }
            let now = settings.clock()
            let stored = try ledger.makingRoom(at: now) { () throws(DatabaseError) in
                try ledger.append(pack.events(at: now), state: pack.state, at: now)
            }
            settle(pack, stored)
        } catch {
            guard error.kind != .full else { return fill(pack, error) }
            let again = InDoubt(pack: pack, count: doubt.count, last: ledger?.lastAttempt)
            _ = fail(error)
            giveUp(again)
        }
    }

    /// Refuses the requests of a pack, and keeps its loose events for when the file opens again.
    func giveUp(_ doubt: InDoubt) {
        let pack = doubt.pack
        for request in pack.requests {
            refuse(request, OutboxError(.storage, pulse.reason))
        }
        guard inDoubt == nil else {
            intake.countDropped(pack.looseItems.count)
            intake.countUnreported(pack.dropped)
            return
        }
        var doubt = doubt
        doubt.pack = Pack(items: pack.looseItems, dropped: pack.dropped)
        inDoubt = doubt
    }

    /// Closes the file after a failure; whether opening it at once is worth trying.
    @discardableResult
    func fail(_ error: DatabaseError) -> Bool {
        shed += ledger?.shedCount ?? 0
        numbered += ledger?.numbered ?? 0
        if error.kind == .moved, let ledger { stranded = (ledger, error.text) }
        ledger = nil
        pulse.enter(.failed, error.outboxError.text)
        if error.kind == .corrupt { damage = error.text }
        let first = reopenFailures == 0
        reopenFailures += 1
        // 1 s, 2 s, 4 s … 30 s: a disk that is gone is not hammered, one that is back is used soon.
        let wait = min(30, 1 << min(reopenFailures - 1, 5))
        reopenAt = BootClock.now() + Int64(wait) * 1_000_000_000
        return first
    }

    /// Opens the file again when it is time.
    func reopen() {
        guard reopenNow() else { return }
        guard let doubt = inDoubt else { return publish([]) }
        inDoubt = nil
        if let stored = tookPlace(doubt) {
            let loose = doubt.pack.looseItems.count
            let notices = doubt.pack.dropped > 0 ? 1 : 0
            intake.countKept(loose: loose, requested: 0)
            noticeCount += notices
            // Their callers were told that they may not be kept; they are.
            doubtful += stored.count - loose - notices
            publish(stored)
        } else {
            commit(doubt.pack)
        }
    }

    private func reopenNow() -> Bool {
        do throws(DatabaseError) {
            try bringBack()
            let opened = if let damage { try salvaged(damage) } else { try openOrSalvage() }
            // Not until this has worked is anything in the log known to be on the disk.
            try opened.checkpoint("TRUNCATE")
            ledger = opened
            reopenAt = nil
            reopenFailures = 0
            pulse.enter(.well)
            for courier in couriers { courier.ring() }
            return true
        } catch {
            fail(error)
            return false
        }
    }

    /// Gives a database whose file is gone a file again. Its connection is closed before the next
    /// is opened: SQLite removes the log by its name.
    private func bringBack() throws(DatabaseError) {
        guard let (ledger, cause) = stranded else { return }
        told(try Salvage(settings: settings, cause: cause).rescue(ledger))
        stranded = nil
    }

    /// The events of a transaction that took place after all; counts them, or no longer.
    private func tookPlace(_ doubt: InDoubt) -> [StoredEvent]? {
        let stored = stored(doubt)
        numbered += (stored?.count ?? 0) - (doubt.isNumbered ? doubt.count : 0)
        return stored
    }

    private func stored(_ doubt: InDoubt) -> [StoredEvent]? {
        guard let last = doubt.last, let ledger, ledger.lastSequence == last.sequence,
            ledger.lastID == last.id
        else { return nil }
        return try? ledger.events(after: last.sequence - Int64(doubt.count), limit: doubt.count)
    }

    /// Opens the file; a damaged one is put aside and what can be read is saved.
    func openOrSalvage() throws(DatabaseError) -> Ledger {
        do throws(DatabaseError) {
            let finished = try Salvage.finish(settings)
            try refuseEmptyFile()
            let ledger = try Ledger(settings)
            if var report = finished {
                report.events = Int(try ledger.database.number("SELECT count(*) FROM event"))
                told(report)
            }
            // The name of a new file is durable from here on.
            let failure = FileSystem.synchronize(folder: FileSystem.folder(of: settings.path))
            guard failure == 0 else {
                throw DatabaseError(path: FileSystem.folder(of: settings.path), errno: failure)
            }
            return ledger
        } catch {
            guard error.kind == .corrupt else { throw error }
            return try salvaged(error.text)
        }
    }

    /// An empty file, or none, is the beginning of a hub only when it has not counted yet. SQLite
    /// would throw away the log of one that was emptied.
    private func refuseEmptyFile() throws(DatabaseError) {
        guard FileSystem.length(of: settings.path) ?? 0 == 0,
            try NumberMark(reading: Ledger.markPath(settings)).reserved > 0
        else { return }
        throw DatabaseError(
            code: SQLITE_CORRUPT, text: "\(settings.path) was emptied or removed")
    }

    /// Puts the damaged file aside, and opens one with what can be read of it.
    private func salvaged(_ cause: String) throws(DatabaseError) -> Ledger {
        let (ledger, report) = try Salvage(settings: settings, cause: cause).run()
        damage = nil
        told(report)
        return ledger
    }

    /// Keeps a report for those who ask for the status.
    func told(_ report: SalvageReport) {
        salvages.append(report)
        salvages[salvages.count - 1].number = (salvages.dropLast().last?.number ?? 0) + 1
        if salvages.count > Self.keptReports { salvages.removeFirst() }
    }

    /// More salvages than this within the second between two looks at the status there are not.
    private static let keptReports = 32
}
