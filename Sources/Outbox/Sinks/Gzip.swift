internal import CZlib

/// Gzip (RFC 1952), through zlib.
enum Gzip {
    /// Compresses bytes; nil when memory is out.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let length = UInt32(exactly: bytes.count) else { return nil }
        var stream = unsafe z_stream()
        guard unsafe hub_deflate_init_gzip(&stream, Z_DEFAULT_COMPRESSION) == Z_OK else {
            return nil
        }
        defer { unsafe deflateEnd(&stream) }
        let bound = Int(clamping: unsafe deflateBound(&stream, uLong(bytes.count)))
        var input = bytes
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            unsafe input.withUnsafeMutableBufferPointer { input in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = length
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(clamping: bound)
                // The bound is enough for one call (zlib.h, deflateBound).
                unsafe deflate(&stream, Z_FINISH)
                count = unsafe bound - Int(stream.avail_out)
            }
        }
    }
}
