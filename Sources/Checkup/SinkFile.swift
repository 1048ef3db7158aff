internal import Glibc

/// The file of a sink and its folder, as the process that asks sees them.
public enum SinkFile {
    /// Whether events could be appended to it.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - sink: the sink's name.
    ///   - isRunning: whether hubd has been started with it; it makes the last folder then.
    /// - Returns: what was found.
    public static func check(_ path: String, sink: String, isRunning: Bool = true) -> Check {
        let folder = parent(of: path)
        var status = stat()
        guard unsafe stat(folder, &status) == 0 else {
            if errno == ENOENT, !isRunning, unsafe access(parent(of: folder), F_OK) == 0 {
                return .unknown("sink", sink, "the folder \(folder) is made when hubd starts")
            }
            // What asked last is not what failed.
            _ = unsafe stat(folder, &status)
            return .failed(
                "sink", sink, "the folder \(folder) \(reason(errno))",
                mend: errno == ENOENT
                    ? "install -d -o hubd -g hubd \(folder)" : "let user hubd through to \(folder)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .failed(
                "sink", sink, "\(folder) is no folder", mend: "name another path for the sink")
        }
        if unsafe stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else {
                return .failed(
                    "sink", sink, "\(path) is a folder, not a file",
                    mend: "remove it, or name another path for the sink")
            }
            guard unsafe access(path, W_OK) == 0 else {
                return .failed(
                    "sink", sink, "\(path) \(reason(errno))",
                    mend: "chown hubd \(path), and see ReadWritePaths= in systemd.exec(5)")
            }
        } else if unsafe access(folder, W_OK | X_OK) != 0 {
            return .failed(
                "sink", sink, "\(folder) \(reason(errno))",
                mend: "chown hubd \(folder), and see ReadWritePaths= in systemd.exec(5)")
        }
        return .well("sink", sink, "\(path) can be written")
    }

    /// The folder of a file.
    public static func parent(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.joined(separator: "/")
        return folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "is not there"
        case EACCES, EPERM: "may not be written by this user"
        case EROFS: "is on a file system that is mounted read-only"
        default: unsafe "cannot be used: \(String(cString: strerror(code)))"
        }
    }
}
