/// What all Eddystone frames have in common (Eddystone protocol specification).
///
/// A frame is the service data of UUID 0xFEAA. The high nibble of its first byte is the frame
/// type, the low nibble is reserved and must be 0. The specification also wants 0xFEAA among the
/// listed service UUIDs; frames without that are read all the same.
enum EddystoneFrame {
    /// Google's service UUID, in the order on air.
    static let service: (low: UInt8, high: UInt8) = (0xaa, 0xfe)

    static let uid: UInt8 = 0x00
    static let url: UInt8 = 0x10
    static let tlm: UInt8 = 0x20
    static let eid: UInt8 = 0x30

    /// The signal strength at 1 m of a beacon that states it at 0 m, both in dBm.
    ///
    /// 41 dB is the loss over the first metre that the specification names. The weakest powers it
    /// allows (−100 dBm at 0 m) leave the range of a signed byte: they become its end.
    @inline(__always)
    static func powerAtOneMetre(_ powerAtZero: Int8) -> Int8 {
        Int8(max(Int(powerAtZero) - 41, -128))
    }

    /// The powers at 0 m that the specification allows, in dBm.
    static let powers: ClosedRange<Int8> = -100...20

    /// Checks a frame's first byte against its type.
    @inline(__always)
    static func check(_ frame: Span<UInt8>, type: UInt8) throws(FrameError) {
        guard frame.count > 0 else { throw .length(0) }
        guard frame[0] & 0xf0 == type else { throw .otherFormat }
        guard frame[0] == type else { throw .reserved(frame[0], at: 0) }
    }
}
