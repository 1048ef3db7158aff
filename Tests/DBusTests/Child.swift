import Glibc
import Testing

/// A child process whose standard input we hold and whose output we read.
final class Child: Sendable {
    private let process: pid_t
    private let socket: Int32

    /// Starts a program found in PATH; its error output joins its output.
    init(_ arguments: [String]) throws(SpawnError) {
        // Closed on exec: other children must not keep our end open.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw SpawnError(code: errno)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        for number: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], number)
        }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Threads of this process may block signals; a shell waits for SIGCHLD.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_init(&attributes)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawnp(
            &process, arguments[0], &actions, &attributes, &words, environ)
        close(ends[1])
        self.process = process
        socket = ends[0]
        guard code == 0 else { throw SpawnError(code: code) }
    }

    struct SpawnError: Error {
        let code: Int32
    }

    /// Ends it without warning; `finish` still has to be called.
    func kill() { _ = Glibc.kill(process, SIGKILL) }

    /// One line of its output; nil at the end.
    func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe read(socket, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Closes its input, waits for its end, and returns what else it wrote and its exit code.
    func finish() -> (output: String, code: Int32) {
        shutdown(socket, Int32(SHUT_WR))
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe read(socket, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer.prefix(count)
        }
        close(socket)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
        return (String(decoding: text, as: UTF8.self), code)
    }
}

/// Runs a program to its end, away from the Hub, which has to answer it meanwhile.
@concurrent
func run(_ arguments: [String]) async throws -> (output: String, code: Int32) {
    try Child(arguments).finish()
}

/// Fails a test that needs other users when it is not run as root, who alone can become them:
/// without them it would prove nothing.
func requireRoot(_ location: SourceLocation = #_sourceLocation) throws {
    try #require(
        geteuid() == 0, "run as root: this test calls as other users", sourceLocation: location)
}
