import Glibc

extension SourceFile {
    /// Reads a file that nobody but its owner and group may change.
    ///
    /// What is no regular file is refused (a pipe would never end), and so is one that everybody
    /// may write: whoever writes the configuration decides what the daemon does. Links are
    /// followed; the rules hold for what they point to.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: how many bytes it may have.
    ///   - mayBeShared: whether everybody may write it, as on a memory stick: for files whose
    ///     content a person has just chosen, not for configuration.
    /// - Throws: what is wrong with the file.
    public init(
        reading path: String, limit: Int, mayBeShared: Bool = false
    ) throws(Problem) {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = unsafe Glibc.open(path, flags)
        guard descriptor >= 0 else {
            throw Problem(file: path, found: SourceFile.text(of: errno), expected: "a file to read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw Problem(file: path, found: SourceFile.text(of: errno), expected: "a file to read")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Problem(file: path, found: "no regular file", expected: "a regular file")
        }
        guard mayBeShared || status.st_mode & S_IWOTH == 0 else {
            throw Problem(
                file: path, found: "a file that everybody may write",
                expected: "less: chmod o-w \(path)")
        }
        guard Int(status.st_size) <= limit else {
            throw SourceFile.tooBig(path, limit)
        }
        self.init(
            name: path,
            bytes: try SourceFile.content(
                of: descriptor, path, size: Int(status.st_size), limit))
    }

    /// Reads to the end, which may have moved since the size was asked.
    private static func content(
        of descriptor: Int32, _ path: String, size: Int, _ limit: Int
    ) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Problem(file: path, found: text(of: errno), expected: "a file to read")
            }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw tooBig(path, limit) }
            bytes += chunk[..<count]
        }
    }

    private static func tooBig(_ path: String, _ limit: Int) -> Problem {
        Problem(
            file: path, found: "more than \(limit >> 20) MiB",
            expected: "at most \(limit >> 20) MiB")
    }

    /// The system's words for an error number.
    static func text(of code: Int32) -> String {
        guard let words = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: words)
    }
}
