/// What stands in a file behind the last event that is confirmed, and whose it is.
struct FileTail {
    let file: OpenFile
    let cursor: Ledger.Cursor

    /// Most lines are far shorter, and what tells whose a line is stands at its beginning.
    private static let page = 4_096
    /// A line is the data and at most 14 KiB around it: two names with every byte escaped.
    static let longestLine = Event.longestData + 16 * 1_024

    /// Where the line that is to be next belongs.
    ///
    /// Behind the last confirmed event there may be lines that were written and not confirmed, or
    /// what a crash left of them: they are written again over themselves, so a reader never sees
    /// them twice. Anything else is somebody's, and is left alone.
    func place(for line: [UInt8]) throws(SinkFault) -> Int64 {
        let start = try isConfirmed(at: cursor.place) ? cursor.place : 0
        let rest = try file.read(Self.page, at: start)
        if rest.isEmpty || isTorn(rest.prefix { $0 != UInt8(ascii: "\n") }, of: line) {
            return start
        }
        try endLine()
        return file.length
    }

    /// Whether a line is our next one, or what a crash leaves of it.
    ///
    /// Blocks that did not reach the disk read as zeros, and no line of ours holds a zero. Else
    /// it has our event's id, or ends before the id does.
    private func isTorn(_ found: ArraySlice<UInt8>, of line: [UInt8]) -> Bool {
        if found.contains(0) { return true }
        let common = zip(found, line).prefix { $0 == $1 }.count
        return common == found.count || common >= Self.idEnd
    }

    /// Where the id ends in a line: `{"specversion":"1.0","id":"` and 36 characters.
    private static let idEnd = 27 + 36

    /// Whether the line that ends at `place` is the last confirmed event's.
    private func isConfirmed(at place: Int64) throws(SinkFault) -> Bool {
        guard place > 0, place <= file.length else { return false }
        for length in [Self.page, Self.longestLine] {
            let start = max(0, place - Int64(length))
            let bytes = try file.read(Int(place - start), at: start)
            guard bytes.last == UInt8(ascii: "\n") else { return false }
            let before = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n"))
            guard before != nil || start == 0 else { continue }
            // `","sequence":` follows the id.
            let number = bytes.dropFirst((before ?? -1) + 1 + Self.idEnd + 13)
                .prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            return number.elementsEqual(String(cursor.sequence).utf8)
        }
        return false
    }

    /// Ends a line that somebody else left open.
    private func endLine() throws(SinkFault) {
        guard try file.read(1, at: file.length - 1) != [UInt8(ascii: "\n")] else { return }
        try file.write([UInt8(ascii: "\n")], at: file.length)
    }
}
