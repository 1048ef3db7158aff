internal import Glibc

/// How far the hub has counted, kept beside the database: no number is used again, also when the
/// database is lost as a whole (decision 12).
///
/// Numbers are reserved in blocks, and a block is on the disk before the first of its numbers is
/// used. The file has two slots of a sector each; the one that was made durable last is never
/// written, so a power cut leaves it. Nothing of it grows: it can be written on a full disk.
///
/// slot: | `reserved N oldest N checksum N` and a line break | zeros | (512 in all)
struct NumberMark {
    /// Numbers that are reserved at once: an fsync for each of these is lost among the commits.
    static let block: Int64 = 4_096
    /// So far a mark may be ahead of the count: a block, and a transaction that did not take place.
    static let lead = 3 * block
    private static let slotSize = 512

    let path: String
    /// No number above this one was ever used; 0 when there is no mark.
    private(set) var reserved: Int64 = 0
    /// The oldest event that is kept; rejected ones may be older.
    private(set) var oldest: Int64 = 0
    /// The slot that is durable.
    private var durableSlot = 1

    /// Reads the mark, if there is one.
    init(reading path: String) throws(DatabaseError) {
        self.path = path
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            guard errno == ENOENT else { throw DatabaseError(path: path, errno: errno) }
            return
        }
        defer { close(file) }
        for slot in 0...1 {
            var bytes = [UInt8](repeating: 0, count: Self.slotSize)
            let got = unsafe pread(file, &bytes, bytes.count, off_t(slot * Self.slotSize))
            guard got >= 0 else { throw DatabaseError(path: path, errno: errno) }
            guard let found = Self.numbers(in: bytes), found >= (reserved, oldest) else { continue }
            (reserved, oldest) = found
            durableSlot = slot
        }
    }

    /// Reads the mark, and makes what was read durable: a failed fsync before a crash may have left
    /// it in memory only.
    init(opening path: String) throws(DatabaseError) {
        try self.init(reading: path)
        if reserved > 0 { try write(reserved: reserved, oldest: oldest) }
    }

    /// Whether the hub has counted further than a database whose last number is `last`.
    func isBeyond(_ last: Int64) -> Bool { reserved > last + Self.lead }

    /// Reserves the numbers up to this one, unless they are.
    mutating func reserve(
        through number: Int64, oldest: () throws(DatabaseError) -> Int64
    ) throws(DatabaseError) {
        guard number > reserved else { return }
        let end = min((number / Self.block + 1) * Self.block, Ledger.numberLimit - 1)
        try write(reserved: end, oldest: oldest())
    }

    /// Notes the oldest event that is kept. Durable with the next block: it is for counting only.
    mutating func note(oldest: Int64) throws(DatabaseError) {
        guard reserved > 0, oldest != self.oldest else { return }
        try write(reserved: reserved, oldest: oldest, isDurable: false)
    }

    private mutating func write(
        reserved: Int64, oldest: Int64, isDurable: Bool = true
    ) throws(DatabaseError) {
        let isNew = FileSystem.length(of: path) == nil
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw DatabaseError(path: path, errno: errno) }
        defer { close(file) }
        let slot = 1 - durableSlot
        let bytes = Self.slot(reserved, oldest)
        guard unsafe pwrite(file, bytes, bytes.count, off_t(slot * Self.slotSize)) == bytes.count
        else { throw DatabaseError(path: path, errno: errno == 0 ? ENOSPC : errno) }
        if isDurable {
            guard fdatasync(file) == 0 else { throw DatabaseError(path: path, errno: errno) }
            let failure =
                isNew ? FileSystem.synchronize(folder: FileSystem.folder(of: path)) : 0
            guard failure == 0 else { throw DatabaseError(path: path, errno: failure) }
            durableSlot = slot
        }
        (self.reserved, self.oldest) = (reserved, oldest)
    }

    // MARK: The text

    private static func text(_ reserved: Int64, _ oldest: Int64) -> String {
        "reserved \(reserved) oldest \(oldest) checksum "
    }

    private static func slot(_ reserved: Int64, _ oldest: Int64) -> [UInt8] {
        let text = text(reserved, oldest)
        let line = Array((text + "\(Checksum.of(Array(text.utf8)))\n").utf8)
        return line + [UInt8](repeating: 0, count: slotSize - line.count)
    }

    /// The numbers of a slot; nil when it is none, or torn.
    private static func numbers(in slot: [UInt8]) -> (reserved: Int64, oldest: Int64)? {
        let words = slot.prefix { $0 != UInt8(ascii: "\n") }.split(separator: UInt8(ascii: " "))
        guard words.count == 6, let reserved = Int64(String(decoding: words[1], as: UTF8.self)),
            let oldest = Int64(String(decoding: words[3], as: UTF8.self)),
            (1..<Ledger.numberLimit).contains(reserved), (0..<Ledger.numberLimit).contains(oldest),
            slot == Self.slot(reserved, oldest)
        else { return nil }
        return (reserved, oldest)
    }
}
