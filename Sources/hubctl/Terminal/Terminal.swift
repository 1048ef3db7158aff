import Glibc

/// What standard output is: a terminal with a width and perhaps colors, or a pipe or file.
struct Terminal {
    /// Cells in a line; nil when output goes to a pipe or file, where nothing is cut.
    let width: Int?
    /// Whether colors help: only on a terminal that has them, unless NO_COLOR is set.
    let hasColor: Bool

    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)

    init(width: Int?, hasColor: Bool) {
        self.width = width
        self.hasColor = hasColor
    }

    init(descriptor: Int32) {
        guard isatty(descriptor) == 1 else {
            self.init(width: nil, hasColor: false)
            return
        }
        var size = winsize()
        let known = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let plain = Self.environment("NO_COLOR") != nil || Self.environment("TERM") == "dumb"
        self.init(width: known ? Int(size.ws_col) : 80, hasColor: !plain)
    }

    /// A color by what it means, not by its hue.
    enum Ink: String {
        case good = "32"
        case warning = "33"
        case bad = "31"
        case heading = "1"
        case faint = "2"
    }

    func paint(_ text: String, _ ink: Ink?) -> String {
        guard hasColor, let ink, !text.isEmpty else { return text }
        return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
