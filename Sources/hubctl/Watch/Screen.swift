/// What stands on the terminal, so that only lines that have changed are sent: over a slow line a
/// second's refresh is a few bytes, and nothing flickers.
struct Screen {
    /// Cells in a line and lines.
    struct Size: Hashable {
        var columns: Int
        var rows: Int
    }

    /// Takes the alternate screen, without cursor and without wrapping: a line that is too long is
    /// cut at the edge (xterm's "Control Sequences", private modes 1049, 25 and 7).
    static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    /// Gives back what `enter` took.
    static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private var shown: [String] = []
    private var size: Size?

    /// What has to be sent so that these lines stand on the terminal; nothing when they do.
    mutating func draw(_ lines: [String], _ size: Size) -> String {
        var text = ""
        if size != self.size {
            // A terminal may rearrange what it shows when its size changes.
            text += "\u{1B}[2J"
            shown = []
            self.size = size
        }
        let lines = Array(lines.prefix(max(0, size.rows)))
        for (row, line) in lines.enumerated() where row >= shown.count || shown[row] != line {
            text += "\u{1B}[\(row + 1);1H\(line)"
            // At the right edge this would take the last cell of the line.
            if Self.cells(of: line) < size.columns { text += "\u{1B}[K" }
        }
        if lines.count < shown.count { text += "\u{1B}[\(lines.count + 1);1H\u{1B}[J" }
        shown = lines
        return text
    }

    /// Forgets what stands there, so that everything is drawn again.
    mutating func forget() { size = nil }

    /// The cells of a line that may be painted.
    static func cells(of line: String) -> Int {
        var plain = ""
        var isEscape = false
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape { plain.append(character) }
            if character == "m" { isEscape = false }
        }
        return DisplayWidth.of(plain)
    }
}
