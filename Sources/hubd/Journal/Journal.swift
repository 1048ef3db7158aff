internal import CSystemd
internal import Glibc

/// Structured lines for the journal, or readable ones on standard error when not under systemd.
///
/// Levels: `error` when something was lost or refused that should not have been; `warning` when
/// hubd works with less than it was given; `notice` for a state that was entered or left; `info`
/// for the normal course of things that an operator may want to see.
struct Journal {
    enum Level: Int {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .notice: "notice"
            case .info: "info"
            }
        }
    }

    /// A field of a line, beside its text: `BEACON`, `SINK`, `RADIO` …
    typealias Fields = KeyValuePairs<String, String>

    private let isJournal: Bool

    /// Finds out whether standard error is connected to the journal, as sd_journal_stream_fd(3)
    /// describes: JOURNAL_STREAM holds the device and inode of the stream.
    init() {
        guard let stream = unsafe getenv("JOURNAL_STREAM") else {
            isJournal = false
            return
        }
        var status = stat()
        let known = unsafe fstat(STDERR_FILENO, &status) == 0
        let expected = "\(status.st_dev):\(status.st_ino)"
        isJournal = unsafe known && String(cString: stream) == expected
    }

    func error(_ text: String, _ id: JournalMessage? = nil, _ fields: Fields = [:]) {
        write(.error, text, id, fields)
    }

    func warning(_ text: String, _ id: JournalMessage? = nil, _ fields: Fields = [:]) {
        write(.warning, text, id, fields)
    }

    func notice(_ text: String, _ id: JournalMessage? = nil, _ fields: Fields = [:]) {
        write(.notice, text, id, fields)
    }

    func info(_ text: String, _ id: JournalMessage? = nil, _ fields: Fields = [:]) {
        write(.info, text, id, fields)
    }

    private func write(_ level: Level, _ text: String, _ id: JournalMessage?, _ fields: Fields) {
        if isJournal {
            send(level, text, id, fields)
        } else {
            print(level, text)
        }
    }

    private func send(_ level: Level, _ text: String, _ id: JournalMessage?, _ fields: Fields) {
        var lines = ["MESSAGE=\(text)", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=hubd"]
        if let id { lines.append("MESSAGE_ID=\(id.rawValue)") }
        lines += fields.map { "\($0.key)=\($0.value)" }
        // One buffer holds all fields; the vector points into it.
        let bytes = lines.map { Array($0.utf8) }
        var joined = bytes.flatMap(\.self)
        unsafe joined.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var offset = 0
            var vector = unsafe bytes.map { line in
                defer { offset += line.count }
                return unsafe iovec(iov_base: base + offset, iov_len: line.count)
            }
            unsafe _ = sd_journal_sendv(&vector, Int32(vector.count))
        }
    }

    private func print(_ level: Level, _ text: String) {
        let now = WallClock.now()
        let second = Int((now.unixSeconds + Int64(now.utcOffset)) % 86_400)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        let line = Array("\(clock) \(level.name): \(text)\n".utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
    }
}
