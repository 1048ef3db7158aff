/// The checksum of link-layer packets (Core 5.4, Vol 6, Part B, §3.1.1).
///
/// Polynomial x²⁴+x¹⁰+x⁹+x⁶+x⁴+x³+x+1. Bytes go into the register lowest bit first, so it is kept
/// mirrored: the polynomial 00065b is da6000, and the start on advertising channels, 555555, is
/// aaaaaa. The mirrored register's lowest byte is the first on air.
enum LinkLayerCRC {
    private static let polynomial: UInt32 = 0xda_6000
    private static let advertisingStart: UInt32 = 0xaa_aaaa
    /// The checksum's length in bytes.
    static let length = 3

    /// The checksum of a PDU of the advertising channels, first byte on air lowest.
    ///
    /// Bit by bit: a sniffer's file has some thousand packets a second at most.
    static func advertising(_ pdu: Span<UInt8>) -> UInt32 {
        var register = advertisingStart
        for index in pdu.indices {
            register ^= UInt32(pdu[index])
            for _ in 0..<8 {
                register = register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1
            }
        }
        return register
    }
}
