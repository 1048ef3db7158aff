internal import Glibc

/// What an `errno` means, as strerror(3) has it.
func errnoText(_ code: Int32) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let base = buffer.baseAddress, unsafe strerror_r(code, base, buffer.count) == 0
        else { return "error \(code)" }
        return unsafe String(cString: base)
    }
}
