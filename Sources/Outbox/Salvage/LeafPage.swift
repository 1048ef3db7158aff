/// The rows of one page of a database file, read without SQLite (File Format, §1.6 and §2.1).
///
/// page: | 0x0d (1) | free block (2) | cells n (2) | content (2) | fragments (1) | n offsets (2) |
///
/// cell: | payload length (varint) | rowid (varint) | payload | overflow page (4), if longer |
///
/// payload: | header length (varint) | a serial type for each column (varint) | the columns |
///
/// Whatever the bytes say, nothing outside of the page is read; a cell that makes no sense is
/// skipped.
struct LeafPage {
    /// A value of a column.
    enum Column: Equatable {
        case null
        case integer(Int64)
        case text([UInt8])
        case blob([UInt8])
    }

    /// A row.
    struct Row: Equatable {
        var rowid: Int64
        var columns: [Column]
    }

    /// The kind of page that holds rows of a table.
    static let kind: UInt8 = 0x0d

    let bytes: [UInt8]
    /// Reads a page by its number, for payloads that go on there.
    let overflow: (Int) -> [UInt8]?

    /// More than this is in no row of ours.
    private static let longestPayload = Event.longestData + 64 * 1_024

    /// The rows, in the order of the page; `start` is 100 on the first page, which begins with the
    /// header of the file.
    func rows(start: Int = 0) -> [Row] {
        guard byte(start) == Self.kind else { return [] }
        let count = number(at: start + 3)
        return (0..<min(count, bytes.count / 4)).compactMap { cell in
            row(at: number(at: start + 8 + 2 * cell))
        }
    }

    private func row(at offset: Int) -> Row? {
        var place = offset
        guard place > 0, let length = varint(bytes, &place), let rowid = varint(bytes, &place),
            let payload = payload(at: place, length: length),
            let columns = columns(of: payload)
        else { return nil }
        return Row(rowid: rowid, columns: columns)
    }

    /// What of a payload stays in the page follows from the page size (File Format, §1.6).
    private func payload(at place: Int, length: Int64) -> [UInt8]? {
        guard length >= 0, length <= Self.longestPayload else { return nil }
        let length = Int(length)
        let most = bytes.count - 35
        guard length > most else { return slice(place, length) }
        let least = (bytes.count - 12) * 32 / 255 - 23
        let fitting = least + (length - least) % (bytes.count - 4)
        let local = fitting <= most ? fitting : least
        guard var payload = slice(place, local) else { return nil }
        var next = number(at: place + local) << 16 | number(at: place + local + 2)
        while payload.count < length {
            guard next != 0, let page = overflow(next), page.count == bytes.count else {
                return nil
            }
            next = page[..<4].reduce(0) { $0 << 8 | Int($1) }
            payload += page.dropFirst(4).prefix(length - payload.count)
        }
        return payload
    }

    private func columns(of payload: [UInt8]) -> [Column]? {
        var place = 0
        guard let headerLength = varint(payload, &place), headerLength <= payload.count,
            headerLength > 0
        else { return nil }
        var types: [Int64] = []
        while place < headerLength {
            guard let type = varint(payload, &place) else { return nil }
            types.append(type)
        }
        var columns: [Column] = []
        place = Int(headerLength)
        for type in types {
            guard let column = column(of: type, in: payload, &place) else { return nil }
            columns.append(column)
        }
        return columns
    }

    /// Serial types: 0 is NULL, 1 to 6 are integers of 1, 2, 3, 4, 6 and 8 bytes, 8 and 9 are the
    /// numbers 0 and 1, from 12 on even ones are blobs and odd ones text. No column of ours is 7.
    private func column(of type: Int64, in payload: [UInt8], _ place: inout Int) -> Column? {
        switch type {
        case 0: return .null
        case 1...6:
            let width = [1, 2, 3, 4, 6, 8][Int(type) - 1]
            guard place + width <= payload.count else { return nil }
            let raw = payload[place..<place + width].reduce(0) { UInt64($0) << 8 | UInt64($1) }
            place += width
            let shift = UInt64(64 - 8 * width)
            return .integer(Int64(bitPattern: raw << shift) >> Int64(shift))
        case 8: return .integer(0)
        case 9: return .integer(1)
        case 12...:
            let width = (type - 12) / 2
            guard width <= Int64(payload.count - place) else { return nil }
            let value = Array(payload[place..<place + Int(width)])
            place += Int(width)
            return type % 2 == 0 ? .blob(value) : .text(value)
        default: return nil
        }
    }

    // MARK: Bytes

    private func byte(_ place: Int) -> UInt8? {
        bytes.indices.contains(place) ? bytes[place] : nil
    }

    /// Two bytes, big-endian; 0 outside of the page.
    private func number(at place: Int) -> Int {
        guard let high = byte(place), let low = byte(place + 1) else { return 0 }
        return Int(high) << 8 | Int(low)
    }

    private func slice(_ place: Int, _ length: Int) -> [UInt8]? {
        guard place >= 0, length >= 0, place + length <= bytes.count else { return nil }
        return Array(bytes[place..<place + length])
    }

    /// Seven bits in each byte, the highest set while more follow; the ninth byte has eight.
    private func varint(_ bytes: [UInt8], _ place: inout Int) -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard bytes.indices.contains(place) else { return nil }
            let byte = bytes[place]
            place += 1
            if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        return nil
    }
}
