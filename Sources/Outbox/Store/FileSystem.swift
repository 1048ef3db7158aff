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

    /// Makes a file that only its owner may read, when there is none.
    static func makePrivate(_ path: String) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    /// The length of a file in bytes; nil when there is none.
    static func length(of path: String) -> Int64? {
        var answer = stat()
        guard unsafe stat(path, &answer) == 0 else { return nil }
        return Int64(answer.st_size)
    }

    /// What tells a file from every other that is there at the same time.
    struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64
    }

    /// Which file a path leads to; nil for none.
    static func identity(of path: String) -> Identity? {
        var answer = stat()
        guard unsafe stat(path, &answer) == 0 else { return nil }
        return Identity(device: UInt64(answer.st_dev), inode: UInt64(answer.st_ino))
    }

    /// Waits until the disk has a file; 0, or an `errno`.
    static func synchronize(file: String) -> Int32 {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    /// The folder a path is in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The paths that match a pattern of the shell, in order.
    static func matches(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
            guard let path = unsafe found.gl_pathv[index] else { return nil }
            return unsafe String(cString: path)
        }
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
