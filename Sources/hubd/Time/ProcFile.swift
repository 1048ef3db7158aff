import Glibc

/// A small file of the kernel's.
enum ProcFile {
    struct Unreadable: Error {}

    static func read(_ path: String) throws(Unreadable) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable() }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0 else { throw Unreadable() }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
