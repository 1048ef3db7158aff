internal import CLinux
internal import Glibc

/// The file system that holds a path: how much is free for those who are not root.
public struct Disk: Hashable, Sendable {
    /// Bytes that may still be written.
    public var freeBytes: Int64
    /// Bytes in all.
    public var bytes: Int64
    /// Files that may still be made; nil for a file system that does not count them.
    public var freeFiles: Int64?
    /// Whether it is mounted read-only.
    public var isReadOnly: Bool

    /// Makes figures.
    public init(freeBytes: Int64, bytes: Int64, freeFiles: Int64?, isReadOnly: Bool) {
        self.freeBytes = freeBytes
        self.bytes = bytes
        self.freeFiles = freeFiles
        self.isReadOnly = isReadOnly
    }

    /// Asks the kernel about the file system of a path (statvfs(3)); nil when that cannot be reached.
    public init?(of path: String) {
        var figures = statvfs()
        guard unsafe statvfs(path, &figures) == 0 else { return nil }
        let unit = Int64(clamping: figures.f_frsize)
        func product(_ count: UInt) -> Int64 {
            let (bytes, overflow) = unit.multipliedReportingOverflow(by: Int64(clamping: count))
            return overflow ? .max : bytes
        }
        freeBytes = product(figures.f_bavail)
        bytes = product(figures.f_blocks)
        freeFiles = figures.f_files > 0 ? Int64(clamping: figures.f_favail) : nil
        isReadOnly = figures.f_flag & UInt(ST_RDONLY) != 0
    }

    /// Below this a file system is as good as full: SQLite's log alone takes a few MiB.
    static let leastBytes: Int64 = 16 << 20
    /// The store, its log, and a file sink with those put aside.
    static let leastFiles: Int64 = 16

    /// Whether the store has the room that its quota promises it.
    ///
    /// - Parameters:
    ///   - path: the database.
    ///   - quota: what it may take, in bytes.
    ///   - used: what it takes already.
    /// - Returns: what was found.
    public func checks(store path: String, quota: Int64, used: Int64) -> [Check] {
        [room(path, quota - min(quota, max(0, used))), files(path)].compactMap(\.self)
    }

    private func room(_ path: String, _ promised: Int64) -> Check {
        let free = "\(Self.text(freeBytes)) of \(Self.text(bytes)) free for \(path)"
        if isReadOnly {
            return .failed(
                "disk", "", "the file system of \(path) is mounted read-only",
                mend: "journalctl -k tells why; then mount -o remount,rw or replace the disk")
        }
        if freeBytes < Self.leastBytes {
            return .failed("disk", "", free, mend: "free space on its file system: df, du -x")
        }
        if freeBytes < promised {
            return .warning(
                "disk", "", free + ", but the store may still take \(Self.text(promised))",
                mend: "free space, or lower store.quota")
        }
        return .well("disk", "", free)
    }

    private func files(_ path: String) -> Check? {
        guard let freeFiles, freeFiles < Self.leastFiles else { return nil }
        return .failed(
            "disk", "inodes", "\(freeFiles) more files can be made beside \(path)",
            mend: "remove files from its file system: df -i")
    }

    /// `3.5 GiB`, `120 MiB`.
    static func text(_ bytes: Int64) -> String {
        let tenths = { (unit: Int64) in bytes / (unit / 10) }
        if bytes >= 10 << 30 { return "\(bytes >> 30) GiB" }
        if bytes >= 1 << 30 { return "\(tenths(1 << 30) / 10).\(tenths(1 << 30) % 10) GiB" }
        return "\(bytes >> 20) MiB"
    }
}
