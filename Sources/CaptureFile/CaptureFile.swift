public import BeaconScanner
internal import Glibc

/// A capture file on disk, read piece by piece into one buffer of fixed size.
///
/// The I/O around `CaptureReader`, for the daemon that plays a capture and for the tool that
/// replays one. A packet's bytes are valid while it is
/// given out.
public struct CaptureFile: ~Copyable {
    /// How much is read at once: some thousand records, small enough for the second-level cache.
    private static let bufferSize = 256 << 10

    /// The file's path, for messages.
    public let path: String

    private let descriptor: Int32
    private var reader = CaptureReader()
    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    private var filled = 0
    private var position = 0
    private var isAtEnd = false
    private var waiting: CaptureRecord?

    /// Opens a capture.
    ///
    /// - Throws: `CaptureFileError` when the file cannot be opened or is no regular file.
    public init(path: String) throws(CaptureFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw CaptureFileError(path: path, .cannotOpen(SystemText.of(errno)))
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw CaptureFileError(path: path, .notAFile)
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// What became of the records so far.
    public var counts: CaptureCounts { reader.counts }

    /// The file's format; nil before its header was read.
    public var format: CaptureFormat? { reader.format }

    /// Gives out packets in order.
    ///
    /// - Parameter body: takes a packet whose range counts in the given bytes. It returns false
    ///   for a packet whose time has not come: that one is given again by the next call.
    /// - Returns: whether the end of the file was reached.
    /// - Throws: `CaptureFileError` when the file is no capture, is damaged from here on, or
    ///   cannot be read.
    public mutating func play(
        _ body: (CaptureRecord, Span<UInt8>) -> Bool
    ) throws(CaptureFileError) -> Bool {
        // The buffer is taken out while its bytes are lent: a borrowed `self` could not count on.
        var bytes: [UInt8] = []
        swap(&bytes, &buffer)
        defer { swap(&bytes, &buffer) }
        if let record = waiting {
            guard body(record, bytes.span) else { return false }
            waiting = nil
        }
        while true {
            do throws(CaptureError) {
                let chunk = bytes.span.extracting(..<filled)
                while let record = try reader.next(in: chunk, at: &position) {
                    guard body(record, chunk) else {
                        waiting = record
                        return false
                    }
                }
            } catch {
                throw CaptureFileError(path: path, .damaged(error))
            }
            if isAtEnd { return true }
            try refill(&bytes)
        }
    }

    /// Begins again at the file's first record; the counts go on.
    public mutating func rewind() throws(CaptureFileError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw CaptureFileError(path: path, .cannotRead(SystemText.of(errno)))
        }
        reader = CaptureReader()
        filled = 0
        position = 0
        isAtEnd = false
        waiting = nil
    }

    /// Moves what is left to the front and fills up behind it.
    private mutating func refill(_ buffer: inout [UInt8]) throws(CaptureFileError) {
        let rest = filled - position
        let start = position
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            unsafe memmove(base, base + start, rest)
            while true {
                let count = unsafe read(descriptor, base + rest, bytes.count - rest)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        filled = rest
        position = 0
        guard count >= 0 else {
            throw CaptureFileError(path: path, .cannotRead(SystemText.of(errno)))
        }
        filled += count
        guard count == 0 else { return }
        isAtEnd = true
        do throws(CaptureError) {
            try reader.finish(remaining: rest)
        } catch {
            throw CaptureFileError(path: path, .damaged(error))
        }
    }
}
