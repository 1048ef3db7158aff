/// The pages of a database file and its log, as SQLite would see them, read without it.
///
/// The newest committed image of a page is in the log, else in the file. No header of the file is
/// needed, so a damaged one does not matter.
final class DatabasePages {
    private static let pageSize = Int(Ledger.pageSize)
    private static let frameSize = 24 + pageSize

    /// How many pages the file has.
    let count: Int
    private let file: OpenFile
    private let log: OpenFile?
    /// Where in the log the newest committed image of a page begins.
    private var images: [Int: Int64] = [:]

    init(path: String) throws(SinkFault) {
        file = try OpenFile(reading: path)
        log = try? OpenFile(reading: path + "-wal")
        let pages = Int(file.length) / Self.pageSize
        count = pages
        if let log { try index(log) }
    }

    /// The numbers of all pages; the first is 1.
    var numbers: ClosedRange<Int> { 1...max(1, count, images.keys.max() ?? 0) }

    /// A page by its number; nil when there is none.
    func page(_ number: Int) -> [UInt8]? {
        guard number >= 1, number <= 1 << 31 else { return nil }
        let page: [UInt8]?
        if let log, let place = images[number] {
            page = try? log.read(Self.pageSize, at: place)
        } else {
            page = try? file.read(Self.pageSize, at: Int64(number - 1) * Int64(Self.pageSize))
        }
        return page?.count == Self.pageSize ? page : nil
    }

    /// Finds the committed frames of the log: those that the running checksum reaches, up to the
    /// last that ends a transaction (File Format, §4.2 to §4.4).
    ///
    /// log: | magic (4) | version (4) | page size (4) | number (4) | salts (8) | checksum (8) | frames
    ///
    /// frame: | page number (4) | pages after commit, else 0 (4) | salts (8) | checksum (8) | page |
    private func index(_ log: OpenFile) throws(SinkFault) {
        let header = try log.read(32, at: 0)
        guard header.count == 32 else { return }
        var sum = LogChecksum(isBigEndian: header[3] & 1 == 1)
        sum.add(header[..<24])
        guard sum.bytes.elementsEqual(header[24...]) else { return }
        var place: Int64 = 32
        var open: [Int: Int64] = [:]
        while true {
            let frame = try log.read(Self.frameSize, at: place)
            guard frame.count == Self.frameSize, frame[8..<16].elementsEqual(header[16..<24]) else {
                return
            }
            sum.add(frame[..<8])
            sum.add(frame[24...])
            guard sum.bytes.elementsEqual(frame[16..<24]) else { return }
            open[frame[..<4].reduce(0) { $0 << 8 | Int($1) }] = place + 24
            if frame[4..<8].contains(where: { $0 != 0 }) {
                images.merge(open) { $1 }
                open = [:]
            }
            place += Int64(Self.frameSize)
        }
    }
}

/// The checksum of the log (File Format, §4.2): two sums over pairs of words, each taking up the
/// other.
private struct LogChecksum {
    let isBigEndian: Bool
    private var first: UInt32 = 0
    private var second: UInt32 = 0

    init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    /// Adds bytes, a multiple of eight.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        var place = bytes.startIndex
        while place + 8 <= bytes.endIndex {
            first = first &+ word(bytes, place) &+ second
            second = second &+ word(bytes, place + 4) &+ first
            place += 8
        }
    }

    /// The sums as they are written: big-endian always.
    var bytes: [UInt8] {
        [first, second].flatMap { sum in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
        }
    }

    private func word(_ bytes: ArraySlice<UInt8>, _ place: Int) -> UInt32 {
        let value =
            UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16
            | UInt32(bytes[place + 2]) << 8 | UInt32(bytes[place + 3])
        return isBigEndian ? value : value.byteSwapped
    }
}
