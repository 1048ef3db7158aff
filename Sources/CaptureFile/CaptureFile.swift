public import BeaconScanner
internal import Glibc

/// A capture file on disk, read piece by piece into one buffer of bounded size.
///
/// The I/O around `CaptureReader`, for the daemon that plays a capture and for the tool that
/// replays one. A packet's bytes are valid while it is given out. A file that fits the buffer is
/// read once, however often it is played.
public struct CaptureFile: ~Copyable {
    /// How much is read at once when nothing is said: some thousand records, small enough for the
    /// second-level cache.
    public static let usualMemory = 256 << 10

    /// The file's path, for messages.
    public let path: String

    private let descriptor: Int32
    @usableFromInline var reader = CaptureReader()
    @usableFromInline var buffer: [UInt8]
    @usableFromInline var filled = 0
    @usableFromInline var position = 0
    @usableFromInline var isAtEnd = false
    /// Whether the buffer still begins with the file's first byte.
    private var isFromStart = true
    @usableFromInline var waiting: CaptureRecord?

    /// Opens a capture.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - memory: how many of its bytes are held at once, at the most.
    /// - Throws: `CaptureFileError` when the file cannot be opened or is no regular file.
    public init(path: String, memory: Int = usualMemory) throws(CaptureFileError) {
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
        // One byte more than the file, so that its end is found without making room.
        let wanted = min(max(Int(status.st_size), 0), memory) + 1
        buffer = [UInt8](repeating: 0, count: max(wanted, CaptureReader.smallestBuffer))
    }

    deinit {
        close(descriptor)
    }

    /// What became of the records of this round so far.
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
    @inlinable
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
                if isAtEnd {
                    try reader.finish(remaining: filled - position)
                    return true
                }
            } catch {
                throw CaptureFileError(path: path, .damaged(error))
            }
            try refill(&bytes)
        }
    }

    /// Begins again at the file's first record; the counts are of the new round.
    public mutating func rewind() throws(CaptureFileError) {
        reader = CaptureReader()
        position = 0
        waiting = nil
        if isFromStart { return }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw CaptureFileError(path: path, .cannotRead(SystemText.of(errno)))
        }
        filled = 0
        isAtEnd = false
        isFromStart = true
    }

    /// Reads on behind what is there; in a full buffer, what was played makes room.
    @usableFromInline
    mutating func refill(_ buffer: inout [UInt8]) throws(CaptureFileError) {
        if filled == buffer.count { discardPlayed(&buffer) }
        let start = filled
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            while true {
                let count = unsafe read(descriptor, base + start, bytes.count - start)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        guard count >= 0 else {
            throw CaptureFileError(path: path, .cannotRead(SystemText.of(errno)))
        }
        filled += count
        isAtEnd = count == 0
    }

    /// Moves what is left to the front of the buffer.
    private mutating func discardPlayed(_ buffer: inout [UInt8]) {
        let start = position
        let rest = filled - position
        unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe memmove(base, base + start, rest)
        }
        filled = rest
        position = 0
        isFromStart = false
    }
}
