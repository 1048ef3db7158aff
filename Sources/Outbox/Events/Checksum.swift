internal import CZlib

/// CRC-32 (ISO 3309), as zlib has it: finds every change of up to 32 bits in a row.
enum Checksum {
    /// The check of bytes.
    static func of(_ bytes: [UInt8]) -> Int64 {
        unsafe bytes.withUnsafeBytes { unsafe of($0, then: []) }
    }

    /// The check of bytes and of those behind them, without putting them together.
    static func of(_ first: UnsafeRawBufferPointer, then rest: [UInt8]) -> Int64 {
        let start = unsafe first.assumingMemoryBound(to: UInt8.self).baseAddress
        let check = unsafe crc32(0, start, UInt32(clamping: first.count))
        guard !rest.isEmpty else { return Int64(check) }
        return Int64(unsafe crc32(check, rest, UInt32(clamping: rest.count)))
    }
}
