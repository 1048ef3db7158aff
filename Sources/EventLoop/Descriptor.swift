internal import Glibc

/// A file descriptor with exactly one owner, closed when the owner ends.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that only borrow it.
    public let number: Int32

    /// Takes ownership of an open descriptor; nobody else may close it from now on.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = Glibc.close(number)
    }

    /// Closes the descriptor now.
    ///
    /// Linux releases the number even when `close` reports an error, so it is not tried again.
    ///
    /// - Throws: what the kernel said, EIO for writes that a file system lost.
    public consuming func close() throws(SystemError) {
        let number = self.number
        discard self
        if Glibc.close(number) != 0, errno != EINTR {
            throw SystemError(code: errno, call: "close")
        }
    }

    /// Gives the number away: the caller closes it.
    public consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}
