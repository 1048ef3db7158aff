/// Aligned columns for people; `--json` is for programs.
struct Table {
    struct Column {
        let title: String
        var rightAligned = false
        /// Gives way first when the terminal is too narrow; not cut below this many cells.
        var shrinksTo: Int?
        /// Whether a text that is too long is cut inside: both its ends tell it from others.
        var cutsInside = false
    }

    struct Cell {
        let text: String
        var ink: Terminal.Ink?

        init(_ text: String, _ ink: Terminal.Ink? = nil) {
            // A label may hold anything; a control character must not reach the terminal.
            self.text = String(
                text.map { $0.unicodeScalars.allSatisfy(Self.isPrintable) ? $0 : "\u{FFFD}" })
            self.ink = ink
        }

        private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
            // Bidirectional controls could make a line show something else than it says.
            case .format: scalar == "\u{200D}"
            default: true
            }
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []
    private static let gap = "  "

    init(_ columns: [Column]) {
        self.columns = columns
    }

    mutating func add(_ cells: [Cell]) {
        rows.append(cells)
    }

    /// The lines, without a line break at their ends; no trailing spaces.
    func lines(on terminal: Terminal) -> [String] {
        let widths = fittedWidths(terminal.width)
        let heading = columns.map { Cell($0.title.uppercased(), .heading) }
        return ([heading] + rows).map { line($0, widths, terminal) }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
        return zip(cells.indices, cells).prefix(last + 1).map { index, cell in
            let column = columns[index]
            let cut =
                column.cutsInside
                ? DisplayWidth.cutInside(cell.text, to: widths[index])
                : DisplayWidth.cut(cell.text, to: widths[index])
            if index == last && !column.rightAligned { return terminal.paint(cut, cell.ink) }
            let padded = DisplayWidth.pad(
                cut, to: widths[index], rightAligned: column.rightAligned)
            return terminal.paint(padded, cell.ink)
        }.joined(separator: Self.gap)
    }

    /// Natural widths, then the shrinking columns give cells, widest first, until the line fits.
    private func fittedWidths(_ available: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { $0[index].text })
                .map(DisplayWidth.of).max() ?? 0
        }
        guard let available else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - available
        while excess > 0 {
            let shrinking = columns.indices.filter { widths[$0] > columns[$0].shrinksTo ?? .max }
            guard let widest = shrinking.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
