internal import Glibc

/// A system call that the kernel refused: which one, and why.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number (errno).
    public let code: Int32
    /// The name of the system call.
    public let call: String

    /// Makes an error from an error number and the name of the call.
    public init(code: Int32, call: String) {
        self.code = code
        self.call = call
    }

    /// For example `epoll_ctl: Bad file descriptor`.
    public var description: String {
        var text = [CChar](repeating: 0, count: 128)
        _ = unsafe strerror_r(code, &text, text.count)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(call): \(String(decoding: bytes, as: UTF8.self))"
    }
}

/// Makes a system call; again when a signal interrupted it (EINTR).
///
/// - Returns: what the call returned, never negative.
@discardableResult
func kernel(_ call: StaticString, _ body: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(code: code, call: "\(call)") }
    }
}

/// The same for calls that return a C `int`.
@discardableResult
func kernel(_ call: StaticString, _ body: () -> Int32) throws(SystemError) -> Int32 {
    try Int32(truncatingIfNeeded: kernel(call) { Int(body()) })
}
