import Glibc

/// Replacing a small file so that after a power cut the old or the new one is there, never neither.
enum DurableFile {
    struct Fault: Error {
        let text: String
    }

    /// Writes beside the file, syncs, renames over it, and syncs the folder.
    static func replace(_ path: String, _ bytes: [UInt8]) throws(Fault) {
        let new = path + ".new"
        let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fault(new) }
        do throws(Fault) {
            defer { close(descriptor) }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes {
                    unsafe write(descriptor, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw fault(new) }
                rest = rest.dropFirst(count)
            }
            guard fsync(descriptor) == 0 else { throw fault(new) }
        } catch {
            unsafe unlink(new)
            throw error
        }
        guard unsafe rename(new, path) == 0 else { throw fault(path) }
        try sync(folderOf: path)
    }

    private static func sync(folderOf path: String) throws(Fault) {
        let folder = Folder.of(path)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(folder) }
    }

    private static func fault(_ path: String) -> Fault {
        Fault(text: "\(path): \(unsafe String(cString: strerror(errno)))")
    }
}
