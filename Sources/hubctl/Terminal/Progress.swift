import CLinux
import Glibc

/// A line on a terminal that shows how far long work has come; nothing in a pipe.
struct Progress {
    /// Nothing is shown for work that is done within a second.
    private static let patience = 1.0
    private static let interval = 0.25

    private let isShown: Bool
    private let start = Self.now()
    private var last = 0.0
    private var hasWritten = false

    init(_ terminal: Terminal) {
        isShown = terminal.width != nil && isatty(STDERR_FILENO) == 1
    }

    mutating func show(_ text: @autoclosure () -> String) {
        let now = Self.now()
        guard isShown, now - start > Self.patience, now - last > Self.interval else { return }
        last = now
        hasWritten = true
        write("\r\u{1B}[K\(text())")
    }

    mutating func clear() {
        guard hasWritten else { return }
        hasWritten = false
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
