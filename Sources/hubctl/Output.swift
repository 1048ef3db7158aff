import Glibc
import JSON

/// Where a verb's result goes: tables for people, JSON for programs.
struct Output {
    let terminal: Terminal
    let wantsJSON: Bool

    /// Writes lines to standard output.
    ///
    /// A reader that has gone away (`hubctl events | head`) is the end of the program, not an
    /// error.
    func print(_ lines: [String]) throws(Failure) {
        guard !lines.isEmpty else { return }
        try write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    func print(_ line: String) throws(Failure) {
        try print([line])
    }

    /// Writes a document: laid out on a terminal, on one line in a pipe.
    func print(_ document: JSONValue) throws(Failure) {
        var bytes = document.bytes(terminal.width == nil ? .compact : .pretty)
        bytes.append(UInt8(ascii: "\n"))
        try write(bytes)
    }

    /// Writes what was done: a line for people, or a document for programs.
    func print(_ line: String, or document: JSONValue) throws(Failure) {
        if wantsJSON { try print(document) } else { try print(line) }
    }

    func print(_ table: Table) throws(Failure) {
        try print(table.lines(on: terminal))
    }

    /// Writes bytes as they are.
    func write(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                // Not a message: nobody is there to read it.
                if errno == EPIPE { exit(0) }
                throw Failure(
                    .ioError, "standard output: \(unsafe String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Writes a message to standard error.
    static func complain(_ lines: [String]) {
        let bytes = Array(lines.map { "hubctl: \($0)\n" }.joined().utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
