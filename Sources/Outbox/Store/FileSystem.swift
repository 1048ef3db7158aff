internal import CLinux
internal import Glibc

/// The few questions to the file system that SQLite does not answer.
enum FileSystem {
    /// The size of the file system that holds `path` or its folder, in bytes.
    static func size(at path: String) -> Int64? {
        var answer = statvfs()
        guard unsafe statvfs(path, &answer) == 0 else { return nil }
        return Int64(clamping: UInt64(answer.f_blocks)).multipliedReportingOverflow(
            by: Int64(clamping: UInt64(answer.f_frsize))
        ).partialValue
    }

    /// The length of a file in bytes; nil when there is none.
    static func length(of path: String) -> Int64? {
        var answer = stat()
        guard unsafe stat(path, &answer) == 0 else { return nil }
        return Int64(answer.st_size)
    }

    /// The folder a path is in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the names in a folder durable: fsync of a file does not promise that its name is
    /// found again (fsync(2)).
    ///
    /// - Returns: 0, or an `errno`.
    static func synchronize(folder: String) -> Int32 {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return fsync(descriptor) == 0 ? 0 : errno
    }
}
