internal import Glibc

/// An open file, of which the end is written.
final class OpenFile {
    private let path: String
    private let descriptor: Int32
    /// The length in bytes, as far as this process has changed it.
    private(set) var length: Int64
    /// Whether the folder is known to be on the disk with the name; a file that is found may have
    /// been made just before a crash.
    private var isNameDurable = false

    /// Opens the file to write, or makes it.
    convenience init(_ path: String) throws(SinkFault) {
        try self.init(path, flags: O_RDWR | O_CREAT)
    }

    /// Opens the file to read.
    convenience init(reading path: String) throws(SinkFault) {
        try self.init(path, flags: O_RDONLY)
    }

    private init(_ path: String, flags: Int32) throws(SinkFault) {
        self.path = path
        // O_NONBLOCK: a pipe that nobody writes to must not hold the thread up.
        descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o640)
        guard descriptor >= 0 else { throw SinkFault(errno: errno, path: path) }
        var answer = stat()
        guard unsafe fstat(descriptor, &answer) == 0 else {
            let fault = SinkFault(errno: errno, path: path)
            close(descriptor)
            throw fault
        }
        guard answer.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw SinkFault(.setting, "\(path) is not a file: name one that is, or that is not yet")
        }
        length = Int64(answer.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// Whether the path still leads to this file: nobody moved it away or removed it.
    func isStill(at path: String) -> Bool {
        var own = stat()
        var named = stat()
        guard unsafe fstat(descriptor, &own) == 0, unsafe stat(path, &named) == 0 else {
            return false
        }
        return own.st_ino == named.st_ino && own.st_dev == named.st_dev
            && Int64(own.st_size) == length
    }

    /// Up to `count` bytes from `place` on; fewer at the end of the file.
    func read(_ count: Int, at place: Int64) throws(SinkFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return unsafe pread(
                    descriptor, rest.baseAddress, rest.count, off_t(place + Int64(filled)))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw SinkFault(errno: errno, path: path) }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }

    /// Writes all of the bytes and ends the file behind them; or leaves it no longer than `place`.
    func write(_ bytes: [UInt8], at place: Int64) throws(SinkFault) {
        var written = 0
        while written < bytes.count {
            let put = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe pwrite(
                    descriptor, rest.baseAddress, rest.count, off_t(place + Int64(written)))
            }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else {
                let fault = SinkFault(errno: errno, path: path)
                // Cutting needs no room; should it fail, the next opening looks at what is there.
                _ = ftruncate(descriptor, off_t(place))
                throw fault
            }
            written += put
        }
        let end = place + Int64(written)
        if end < length, ftruncate(descriptor, off_t(end)) != 0 {
            throw SinkFault(errno: errno, path: path)
        }
        length = end
    }

    /// Waits until the disk has the bytes, and the name when the file is new.
    ///
    /// After a failure the bytes are not tried again: the kernel may have marked them as written
    /// (fsync(2)). The caller opens the file anew and writes what is missing.
    func synchronize() throws(SinkFault) {
        guard fdatasync(descriptor) == 0 else { throw SinkFault(errno: errno, path: path) }
        guard !isNameDurable else { return }
        let failure = FileSystem.synchronize(folder: FileSystem.folder(of: path))
        guard failure == 0 else { throw SinkFault(errno: failure, path: path) }
        isNameDurable = true
    }
}

extension SinkFault {
    /// What an `errno` of a file means, and how to mend it.
    init(errno code: Int32, path: String) {
        let folder = FileSystem.folder(of: path)
        switch code {
        case ENOENT, ENOTDIR:
            self.init(.missingFolder, "\(folder) is missing: make it, writable for hubd")
        case EACCES, EPERM, EROFS:
            self.init(
                .permission,
                "\(path) may not be opened (\(errnoText(code))): "
                    + "give hubd the right, or name another file")
        case ENOSPC, EDQUOT:
            self.init(.noSpace, "no space for \(path): free some, events wait in the store")
        default:
            self.init(.disk, "\(path) failed: \(errnoText(code))")
        }
    }
}
