internal import BeaconScanner

/// An air full of random addresses, as monitor frames: 10,000 reports a second, of which 500 come
/// from the 500 configured beacons, one each.
///
/// Making a frame allocates nothing: whatever the process allocates is the receiver's doing.
struct Flood {
    /// How many beacons are configured.
    static let beacons = 500
    /// Every so-manieth report is a configured beacon's.
    private static let every = 20
    /// The time between two reports, in ns.
    static let interval: Int64 = 100_000

    /// The configured ones: iBeacons of one UUID, numbered by their minor.
    static var known: [KnownBeacon] {
        (0..<beacons).map { number in
            let minor = UInt16(truncatingIfNeeded: number)
            return KnownBeacon(
                id: BeaconID(
                    format: .iBeacon, bytes: (uuid + [0, 1] + bigEndian(minor)).span))
        }
    }

    private static let uuid: [UInt8] = [
        0xfd, 0xa5, 0x06, 0x93, 0xa4, 0xe2, 0x4f, 0xb1, 0xaf, 0xcf, 0xc6, 0xeb, 0x07, 0x64, 0x78,
        0x25,
    ]
    /// Flags, then an iBeacon's manufacturer data up to its identifier.
    private static let prefix: [UInt8] = [
        0x02, 0x01, 0x06, 0x1a, 0xff, 0x4c, 0x00, 0x02, 0x15,
    ]

    /// Where things are in a frame: header (6), event (13) with the address, data, RSSI.
    private enum Place {
        static let address = 12
        static let dataLength = 18
        static let data = 19
        static let identifier = data + 9
        static let end = data + 31
    }

    private(set) var configuredReports = 0
    private var sent = 0
    private var random: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// The frame of the last `next()`.
    private(set) var frame: [UInt8]

    /// A frame with one report of 30 bytes, at -60 dBm.
    init() {
        let event: [UInt8] = [0x3e, 42, 0x02, 1, 3, 1] + [UInt8](repeating: 0, count: 6) + [30]
        frame =
            [3, 0, 0, 0, 44, 0] + event + Self.prefix + Self.uuid + [0, 1, 0, 0, 0xc5]
            + [UInt8(bitPattern: -60)]
    }

    /// Makes the next frame.
    mutating func next() {
        if sent % Self.every == 0 {
            let number = UInt16(truncatingIfNeeded: sent / Self.every % Self.beacons)
            write(UInt64(number) | 0xc0de_0000_0000, at: Place.address, count: 6)
            for (index, byte) in Self.prefix.enumerated() { frame[Place.data + index] = byte }
            for (index, byte) in Self.uuid.enumerated() { frame[Place.identifier + index] = byte }
            write(UInt64(number.byteSwapped) << 16 | 0x0100, at: Place.identifier + 16, count: 4)
            configuredReports += 1
        } else {
            write(draw(), at: Place.address, count: 6)
            // In turn: an unknown iBeacon, a phone's noise, and bytes that are nothing.
            switch sent % 3 {
            case 0:
                for (index, byte) in Self.prefix.enumerated() { frame[Place.data + index] = byte }
                write(draw(), at: Place.identifier, count: 8)
                write(draw(), at: Place.identifier + 8, count: 8)
            case 1:
                write(0x0510_004c_ff1a_0602, at: Place.data, count: 8)
                write(draw(), at: Place.identifier, count: 8)
            default:
                for place in stride(from: Place.data, to: Place.data + 24, by: 8) {
                    write(draw(), at: place, count: 8)
                }
            }
        }
        sent += 1
    }

    /// Writes a number's bytes, the lowest first.
    private mutating func write(_ value: UInt64, at place: Int, count: Int) {
        for index in 0..<count {
            frame[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// xorshift64: fast, and the same in each run.
    private mutating func draw() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }

    private static func bigEndian(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}
