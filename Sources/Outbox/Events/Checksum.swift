internal import CZlib

/// CRC-32 (ISO 3309), as zlib has it: finds every change of up to 32 bits in a row.
enum Checksum {
    /// The check of bytes.
    static func of(_ bytes: [UInt8]) -> Int64 {
        Int64(unsafe crc32(0, bytes, UInt32(clamping: bytes.count)))
    }
}
