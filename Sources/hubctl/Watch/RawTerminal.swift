import EventLoop
import Glibc

/// The terminal in the state that a full-screen program needs, and back again.
///
/// It is given back by `restore`, which every way out of `hubctl watch` passes: the key q, Ctrl-C,
/// signals, and failures.
struct RawTerminal {
    private let saved: termios?

    /// Takes the terminal: keys come at once, unseen, and Ctrl-C as a byte (termios(3)).
    init() {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
            saved = nil
            return
        }
        saved = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        settings.c_iflag &= ~tcflag_t(IXON)
        unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// Whether keys can be read.
    var hasKeys: Bool { saved != nil }

    /// Gives the terminal back as it was; what was typed meanwhile is dropped.
    func restore() {
        guard var saved else { return }
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
    }

    /// The size now; 80 × 24 when the terminal does not say.
    static var size: Screen.Size {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0,
            size.ws_row > 0
        else { return Screen.Size(columns: 80, rows: 24) }
        return Screen.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// What was typed; nil at the end of the terminal.
    static func typed() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }
}
