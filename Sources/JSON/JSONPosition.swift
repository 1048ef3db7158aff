/// Where something stands in a document, for people: line and column as editors count them.
public struct JSONPosition: Hashable, Sendable {
    /// Which document, as the caller of the reader numbered it.
    public var document: UInt16
    /// The line, from 1. Lines end with LF, CR or CR LF.
    public var line: UInt32
    /// The column, from 1, in Unicode scalars; a tab is one, a byte order mark at the start none.
    public var column: UInt32

    /// Makes a position.
    public init(document: UInt16 = 0, line: UInt32, column: UInt32) {
        self.document = document
        self.line = line
        self.column = column
    }
}

extension JSONPosition: Comparable {
    /// Orders by document, line and column.
    public static func < (left: JSONPosition, right: JSONPosition) -> Bool {
        (left.document, left.line, left.column) < (right.document, right.line, right.column)
    }
}

extension JSONPosition: CustomStringConvertible {
    /// `line:column`.
    public var description: String { "\(line):\(column)" }
}

/// Turns byte offsets into positions, in one pass over the whole document.
///
/// It goes on from the last offset it was asked for, so asking for rising offsets costs one look
/// at each byte altogether, however long the lines are.
struct PositionCounter {
    private let document: UInt16
    private var offset = 0
    private var line: UInt32 = 1
    private var column: UInt32 = 1

    init(document: UInt16) {
        self.document = document
    }

    mutating func position(of target: Int, in bytes: [UInt8]) -> JSONPosition {
        if target < offset { self = PositionCounter(document: document) }
        let target = min(target, bytes.count)
        // A byte order mark is no column: editors do not show it.
        if offset == 0, target >= 3, bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
        var line = line
        var column = column
        for index in offset..<max(offset, target) {
            let byte = bytes[index]
            if byte >= 0x20 {
                if byte & 0xc0 != 0x80 { column &+= 1 }
            } else if byte == UInt8(ascii: "\n") {
                if index == 0 || bytes[index - 1] != UInt8(ascii: "\r") { line &+= 1 }
                column = 1
            } else if byte == UInt8(ascii: "\r") {
                line &+= 1
                column = 1
            } else {
                column &+= 1
            }
        }
        offset = max(offset, target)
        self.line = line
        self.column = column
        return JSONPosition(document: document, line: line, column: column)
    }
}
