/// CRC-8/MAXIM: polynomial x⁸+x⁵+x⁴+1 reflected (8C), start 0, no final exclusive-or.
///
/// The check value of the ASCII digits 123456789 is A1.
enum CRC8 {
    static func maxim(_ bytes: some Sequence<UInt8>) -> UInt8 {
        var crc: UInt8 = 0
        for byte in bytes {
            crc ^= byte
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x8c : crc >> 1 }
        }
        return crc
    }
}

/// CRC-32 as in ISO 3309, zip and zlib: reflected polynomial EDB88320, start and final
/// exclusive-or all ones.
///
/// The check value of the ASCII digits 123456789 is CBF43926. Bit by bit: the inputs here are
/// tens of bytes, once per connection.
enum CRC32 {
    static func ieee(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
