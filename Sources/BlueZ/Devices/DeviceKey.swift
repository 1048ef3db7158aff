internal import BeaconScanner

/// A device as one adapter sees it, in one word.
///
/// Bits 0 to 47 are the address, 48 to 55 the number of the adapter's route, 63 is set, so that no
/// key is zero.
struct DeviceKey: Hashable {
    let word: UInt64

    init(route: Int, address: UInt64) {
        word = 1 << 63 | UInt64(UInt8(truncatingIfNeeded: route)) << 48 | address
    }

    init(word: UInt64) { self.word = word }

    var route: UInt8 { UInt8(truncatingIfNeeded: word >> 48) }
    var address: UInt64 { word & 0xffff_ffff_ffff }
}

/// The adapters whose devices are listened to, and the radio behind each: found by the beginning of
/// a device's path.
struct Routes {
    /// Each with a slash at its end, such as `/org/bluez/hci0/`; empty where there is none.
    private var prefixes: [[UInt8]] = []

    /// `dev_` and six bytes in hexadecimal with `_` between them (doc/org.bluez.Device.rst).
    private static let mark = Array("dev_".utf8)
    private static let length = 4 + 17

    /// Sets the adapter of a radio; nil for none.
    mutating func set(_ path: String?, of radio: Int) {
        while prefixes.count <= radio { prefixes.append([]) }
        prefixes[radio] = path.map { Array($0.utf8) + [UInt8(ascii: "/")] } ?? []
    }

    /// The device of a path; nil when it is none of ours, or something that belongs to a device.
    func device(at path: Span<UInt8>) -> DeviceKey? {
        for route in prefixes.indices {
            let start = prefixes[route].count
            guard start > 0, path.count == start + Self.length,
                path.extracting(0..<start).spells(prefixes[route])
            else { continue }
            return Self.address(path.extracting(start..<path.count)).map {
                DeviceKey(route: route, address: $0)
            }
        }
        return nil
    }

    private static func address(_ name: Span<UInt8>) -> UInt64? {
        guard name.extracting(0..<4).spells(mark) else { return nil }
        var bits: UInt64 = 0
        for byte in 0..<6 {
            let start = 4 + 3 * byte
            guard let high = Hex.value(of: name[start]), let low = Hex.value(of: name[start + 1]),
                byte == 5 || name[start + 2] == UInt8(ascii: "_")
            else { return nil }
            bits = bits << 8 | UInt64(high << 4 | low)
        }
        return bits
    }
}
