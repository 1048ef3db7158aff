internal import Glibc

/// Looks at the path of the store before SQLite does, which says less.
enum StorePath {
    /// Throws what is wrong with it, in one line with the mend.
    static func check(_ path: String) throws(OutboxError) {
        let folder = FileSystem.folder(of: path)
        var answer = stat()
        guard unsafe stat(folder, &answer) == 0 else {
            let code = errno
            throw fault(
                code == EACCES
                    ? "\(folder) may not be entered: give hubd the right"
                    : "\(folder) is missing: make it, writable for hubd")
        }
        guard answer.st_mode & S_IFMT == S_IFDIR else {
            throw fault("\(folder) is not a folder: name a file in one that is")
        }
        if unsafe stat(path, &answer) == 0 {
            guard answer.st_mode & S_IFMT == S_IFREG else {
                throw fault("\(path) is not a file: name one that is, or that is not yet")
            }
            guard unsafe access(path, R_OK | W_OK) == 0 else {
                throw fault("\(path) may not be written (\(errnoText(errno))): give it to hubd")
            }
        }
        // SQLite makes its log beside the file.
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            throw fault("\(folder) may not be written (\(errnoText(errno))): give it to hubd")
        }
    }

    private static func fault(_ text: String) -> OutboxError {
        OutboxError(.storage, text)
    }
}
