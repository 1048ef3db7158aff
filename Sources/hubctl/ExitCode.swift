import Glibc

/// What hubctl tells its caller: the contract's codes and sysexits(3).
enum ExitCode: Int32 {
    case ok = 0
    /// `status`: something needs attention. `doctor`: a check failed.
    case degraded = 1
    /// `status`: the main job is not being done.
    case failed = 2
    /// The daemon does not run, or the bus cannot be reached.
    case notRunning = 3
    /// EX_USAGE: unknown verb, option or argument.
    case usage = 64
    /// EX_DATAERR: malformed bytes or file contents.
    case dataError = 65
    /// EX_NOINPUT: a file that cannot be opened.
    case noInput = 66
    /// EX_UNAVAILABLE: the daemon refused or did not answer.
    case unavailable = 69
    /// EX_SOFTWARE: a fault of hubctl or hubd.
    case software = 70
    /// EX_IOERR: reading or writing failed half-way.
    case ioError = 74
    /// EX_NOPERM: the daemon does not allow this caller to do it.
    case noPermission = 77
    /// EX_CONFIG: a broken configuration or catalog.
    case configuration = 78
}

/// An end of the program with a message: what went wrong, where, and the mend.
struct Failure: Error {
    let code: ExitCode
    let lines: [String]

    init(_ code: ExitCode, _ message: String) {
        self.init(code, [message])
    }

    init(_ code: ExitCode, _ lines: [String]) {
        self.code = code
        self.lines = lines
    }
}
