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
        switch Self.find(inManufacturerData: data) {
        case .found(let frame): self = frame
        case .absent: throw .otherFormat
        case .malformed(let length): throw .length(length)
        }
    }

    /// What a search found. Most of what Apple's devices send is no iBeacon: throwing for each
    /// would cost more than the search.
    enum Finding {
        case found(IBeacon)
        case absent
        case malformed(length: Int)
    }

    @inline(__always)
    static func find(inManufacturerData data: Span<UInt8>) -> Finding {
        guard data.count > 2, data[0] == 0x4c, data[1] == 0x00 else { return .absent }
        var offset = 2
        while data.count &- offset >= 2 {
            let type = data[offset]
            let length = Int(data[offset &+ 1])
            if type == messageType {
                let value = offset &+ 2
                guard length == messageLength else { return .malformed(length: length) }
                guard data.count &- value >= messageLength else {
                    return .malformed(length: data.count &- value)
                }
                let end = value &+ messageLength
                return .found(IBeacon(message: data.extracting(value..<end)))
            }
            offset &+= type == 0 ? 1 : 2 &+ length
        }
        return .absent
    }

    /// The length of an AD structure that holds an iBeacon and nothing else.
    @inlinable
    static var structureLength: Int { 27 }
    /// How many bytes `difference` looks at.
    @inlinable
    static var markLength: Int { 6 }

    /// Zero when a structure that holds an iBeacon and nothing else begins here.
    ///
    /// The caller has checked that there are `markLength` bytes.
    @inlinable @inline(__always)
    static func difference(fromMark payload: Span<UInt8>, at offset: Int) -> UInt32 {
        payload.bigEndian(UInt32.self, at: offset) ^ 0x1aff_4c00
            | UInt32(payload.bigEndian(UInt16.self, at: offset &+ 4) ^ 0x0215)
    }

    /// Reads such a structure of `structureLength` bytes, from its length byte on.
    @inlinable @inline(__always)
    init(structure: Span<UInt8>) {
        self.init(message: structure.extracting(6..<27))
    }

    @inlinable @inline(__always)
    init(message: Span<UInt8>) {
        id = BeaconID(format: .iBeacon, twenty: message)
        measuredPower = message.signed(at: 20)
    }

    private static let messageType: UInt8 = 0x02
    private static let messageLength = 0x15
}

extension BeaconID {
    /// Makes an identifier from the first 20 bytes.
    @inlinable @inline(__always)
    init(format: Format, twenty bytes: Span<UInt8>) {
        self.init(
            format: format, length: 20, high: bytes.bigEndian(UInt64.self, at: 0),
            middle: bytes.bigEndian(UInt64.self, at: 8), low: bytes.bigEndian(UInt32.self, at: 16))
    }
}
