internal import Glibc

/// One MiB that is given back to a full file system so that the store can still delete.
///
/// A full disk traps a write-ahead log: DELETE needs room in the log, and the log is emptied by
/// growing the database file, so neither can begin. The rule that keeps the way out open: what the
/// log holds beyond the end of the database file never exceeds `Ledger.growthLimit` and one
/// transaction (`Intake.heaviest`), and that together is less than this reserve.
struct Reserve {
    /// 96 pages of growth (384 KiB), a transaction of 512 KiB and its tenth of page overhead come
    /// to 947 KiB.
    static let size: Int64 = 1 << 20

    /// The file that holds the space.
    let path: String

    /// Takes the space; false when there is not that much.
    func take() -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard posix_fallocate(file, 0, off_t(Self.size)) == 0 else {
            release()
            return false
        }
        return true
    }

    /// Gives the space back.
    func release() {
        unsafe unlink(path)
    }
}
