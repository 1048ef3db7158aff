/// An iBeacon frame.
///
/// wire: | company 4c 00 (2) | type 02 (1) | length 15 (1) | UUID (16) | major (2) | minor (2) |
/// measured power (1, dBm at 1 m) |, highest byte first; the body of manufacturer data.
///
/// Apple's manufacturer data is a list of messages, type (1) length (1) value, with 00 between
/// them as padding: an iBeacon may stand behind others. The first one counts.
public struct IBeacon: Hashable, Sendable {
    /// UUID, major and minor.
    public var id: BeaconID
    /// The signal strength at 1 m, in dBm.
    public var measuredPower: Int8

    /// Finds the frame in manufacturer data that begins with the company identifier.
    ///
    /// Throws `FrameError`: `.otherFormat` when there is no iBeacon message, `.length` when there
    /// is one of a wrong length.
    public init(manufacturerData data: Span<UInt8>) throws(FrameError) {
        guard data.count > 2, data[0] == 0x4c, data[1] == 0x00 else { throw .otherFormat }
        var offset = 2
        while offset < data.count {
            let type = data[offset]
            if type == 0 {
                offset &+= 1
                continue
            }
            guard data.count &- offset >= 2 else { break }
            let length = Int(data[offset &+ 1])
            let value = offset &+ 2
            let next = value &+ length
            if type == Self.messageType {
                guard length == Self.messageLength else { throw .length(length) }
                guard next <= data.count else { throw .length(data.count &- value) }
                self.init(message: data.extracting(value..<(value &+ Self.messageLength)))
                return
            }
            offset = next
        }
        throw .otherFormat
    }

    @inline(__always)
    private init(message: Span<UInt8>) {
        id = BeaconID(format: .iBeacon, twenty: message)
        measuredPower = message.signed(at: 20)
    }

    private static let messageType: UInt8 = 0x02
    private static let messageLength = 0x15
}

extension BeaconID {
    /// Makes an identifier from the first 20 bytes.
    @inline(__always)
    init(format: Format, twenty bytes: Span<UInt8>) {
        self.init(
            format: format, length: 20, high: bytes.bigEndian(UInt64.self, at: 0),
            middle: bytes.bigEndian(UInt64.self, at: 8), low: bytes.bigEndian(UInt32.self, at: 16))
    }
}
