internal import Glibc

/// Brings back a database whose file was removed or replaced while it was open.
///
/// As long as the connection lives, the kernel keeps what it has open. All of it is copied to a
/// new file, which takes its place as after a salvage; nothing is lost unless hubd ends first.
extension Salvage {
    private var copy: String { path + "-rescue" }

    /// Writes what an open ledger holds to a new file at its path; the ledger is of no use after.
    func rescue(_ ledger: Ledger) throws(DatabaseError) -> SalvageReport {
        var report = self.report
        // Two files need room for a while.
        Reserve(path: path + "-reserve").release()
        for suffix in ["", "-journal"] { unsafe unlink(copy + suffix) }
        // An empty file is taken for none, and this one has the right rights.
        FileSystem.makePrivate(copy)
        try ledger.database.prepare("VACUUM INTO ?1").run(.text(copy))
        report.events = Int(try ledger.database.number("SELECT count(*) FROM event"))
        report.values = Int(try ledger.database.number("SELECT count(*) FROM state"))
        try synchronize(FileSystem.synchronize(file: copy))
        // Only a whole file has the name by which `finish` takes one for whole.
        guard unsafe rename(copy, building) == 0 else {
            throw DatabaseError(path: building, errno: errno)
        }
        try synchronize(FileSystem.synchronize(folder: FileSystem.folder(of: path)))
        try swap(report.path)
        if FileSystem.length(of: report.path) == nil {
            // Nothing took the place of the file, so only its log was there to put aside.
            unsafe unlink(report.path + "-wal")
            report.path = ""
        }
        return report
    }

    private func synchronize(_ failure: Int32) throws(DatabaseError) {
        guard failure == 0 else { throw DatabaseError(path: path, errno: failure) }
    }
}
