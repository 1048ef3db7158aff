import Foundation
import Testing

/// A program on a pseudo-terminal, whose other end is the test.
final class Pty {
    private let master: Int32
    /// Kept open, so that the terminal's settings can be looked at after the program's end.
    private let slave: Int32
    private let process: pid_t
    private var hasEnded = false
    private(set) var output = ""
    private var bytes: [UInt8] = []

    init(_ words: [String], columns: UInt16, rows: UInt16) throws {
        // As posix_openpt(3), unlockpt(3) and ptsname(3) do it (ioctl_tty(2): TIOCSPTLCK, TIOCGPTN).
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
        var lock: Int32 = 0
        var number: UInt32 = 0
        try #require(master >= 0)
        try #require(unsafe ioctl(master, 0x4004_5431, &lock) == 0)
        try #require(unsafe ioctl(master, 0x8004_5430, &number) == 0)
        slave = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(slave >= 0)
        for end in [master, slave] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(master, UInt(TIOCSWINSZ), &size)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for number: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_adddup2(&actions, slave, number)
        }
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        var environment =
            unsafe ["TERM=xterm", "PATH=/usr/bin:/bin"].map { (text: String) in unsafe strdup(text)
            }
            + [nil]
        defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(
            &process, words[0], &actions, &attributes, &arguments, &environment)
        try #require(code == 0)
        self.process = process
    }

    deinit {
        if !hasEnded {
            kill(process, SIGKILL)
            var status: Int32 = 0
            unsafe waitpid(process, &status, 0)
        }
        close(master)
        close(slave)
    }

    /// The terminal's settings, as text that can be compared.
    var settings: String {
        var settings = termios()
        unsafe tcgetattr(slave, &settings)
        return "\(settings.c_iflag) \(settings.c_oflag) \(settings.c_cflag) \(settings.c_lflag)"
    }

    func type(_ text: String) {
        _ = unsafe write(master, text, text.utf8.count)
    }

    func signal(_ number: Int32) { kill(process, number) }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Reads what is there, waiting a little for it.
    private func read() {
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&waiting, 1, 20) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe Glibc.read(master, &buffer, buffer.count)
        guard count > 0 else { return }
        bytes += buffer.prefix(count)
        output = String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for output; a minute is far beyond what anything here takes on a busy machine.
    func wait(_ what: String, _ condition: (String) -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while !condition(output) {
            guard Date() < deadline else {
                throw TestHub.TooLate(description: "waited in vain for \(what): \(output)")
            }
            read()
        }
    }

    /// Forgets the output so far.
    func clear() {
        bytes = []
        output = ""
    }

    /// Waits for the end; the exit code, or minus the signal.
    func end() throws -> Int32 {
        let deadline = Date(timeIntervalSinceNow: 60)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            guard Date() < deadline else {
                throw TestHub.TooLate(description: "waited in vain for the end: \(output)")
            }
            read()
        }
        hasEnded = true
        read()
        return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    }
}
