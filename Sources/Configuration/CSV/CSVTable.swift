/// The rows of a CSV file (RFC 4180): commas, double quotes, and a header that names the columns.
///
/// Lines end with CR LF, LF or CR; a byte order mark at the beginning is skipped. Rows without
/// anything in any field are left out, because spreadsheets write them below the last one.
struct CSVTable {
    /// One row of fields.
    struct Row {
        /// The line on which it begins, from 1.
        let line: Int
        /// The fields, without the spaces around them.
        let fields: [String]
    }

    /// Why a file is no table.
    struct Fault: Error {
        let line: Int
        let found: String
        let expected: String
    }

    private(set) var rows: [Row] = []

    init(_ bytes: [UInt8]) throws(Fault) {
        try CSVTable.checkEncoding(bytes)
        var scanner = Scanner(bytes: bytes)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { scanner.offset = 3 }
        while let row = try scanner.row() {
            if row.fields.contains(where: { !$0.isEmpty }) { rows.append(row) }
        }
    }

    /// Spreadsheets in China save CSV as GBK and "Unicode text" as UTF-16 unless told otherwise.
    private static func checkEncoding(_ bytes: [UInt8]) throws(Fault) {
        let mend = "UTF-8; in a spreadsheet, save the file as \"CSV UTF-8\""
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            throw Fault(line: 1, found: "UTF-16 text", expected: mend)
        }
        let fault: Int?
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            fault = nil
        } catch {
            fault = error.byteOffsets.lowerBound
        }
        guard let fault, bytes.indices.contains(fault) else { return }
        var lines = Scanner(bytes: bytes)
        while lines.offset < fault { lines.step() }
        let byte = String(bytes[fault], radix: 16, uppercase: true)
        throw Fault(
            line: lines.line, found: "the byte 0x\(byte), as in a file saved as GBK", expected: mend
        )
    }

    private struct Scanner {
        let bytes: [UInt8]
        var offset = 0
        var line = 1

        /// One byte on, counting lines.
        mutating func step() {
            let byte = bytes[offset]
            offset += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if byte == UInt8(ascii: "\r"),
                offset == bytes.count || bytes[offset] != UInt8(ascii: "\n")
            {
                line += 1
            }
        }

        /// The next row; nil at the end.
        mutating func row() throws(Fault) -> Row? {
            guard offset < bytes.count else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard offset < bytes.count else { break }
                let separator = bytes[offset]
                step()
                if separator == UInt8(ascii: ",") { continue }
                if separator == UInt8(ascii: "\r"), offset < bytes.count,
                    bytes[offset] == UInt8(ascii: "\n")
                {
                    step()
                }
                break
            }
            return Row(line: start, fields: fields)
        }

        /// One field, up to its comma or line break.
        private mutating func field() throws(Fault) -> String {
            while offset < bytes.count, bytes[offset] == UInt8(ascii: " ") { offset += 1 }
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") { return try quoted() }
            let start = offset
            while offset < bytes.count, !isSeparator(bytes[offset]) {
                guard bytes[offset] != UInt8(ascii: "\"") else {
                    throw Fault(
                        line: line, found: "a quote inside a field",
                        expected: "the whole field in quotes, and quotes in it doubled")
                }
                offset += 1
            }
            return text(start..<offset)
        }

        private mutating func quoted() throws(Fault) -> String {
            let first = line
            var content: [UInt8] = []
            offset += 1
            while offset < bytes.count {
                let byte = bytes[offset]
                if byte != UInt8(ascii: "\"") {
                    content.append(byte)
                    step()
                    continue
                }
                offset += 1
                guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                    while offset < bytes.count, bytes[offset] == UInt8(ascii: " ") { offset += 1 }
                    guard offset == bytes.count || isSeparator(bytes[offset]) else {
                        throw Fault(
                            line: line, found: "text after a closing quote",
                            expected: "a comma or the end of the line")
                    }
                    return String(decoding: content, as: UTF8.self)
                }
                content.append(UInt8(ascii: "\""))
                offset += 1
            }
            throw Fault(
                line: first, found: "a quote that is never closed", expected: "its closing quote")
        }

        private func isSeparator(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }

        private func text(_ range: Range<Int>) -> String {
            var end = range.upperBound
            while end > range.lowerBound, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
            return String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
        }
    }
}
