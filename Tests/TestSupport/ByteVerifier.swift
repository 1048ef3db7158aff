/// Feeds a parser everything near a valid input: what a byte stream from outside may turn into.
///
/// A parser passes when it returns from all of them; a Swift trap ends the whole test process.
public enum ByteVerifier {
    /// Every prefix, including the empty one and the whole.
    public static func prefixes(of bytes: [UInt8], _ parse: ([UInt8]) throws -> Void) rethrows {
        for count in 0...bytes.count { try parse(Array(bytes.prefix(count))) }
    }

    /// Every change of one byte: all 255 other values at each place.
    public static func oneByteChanges(
        of bytes: [UInt8], _ parse: ([UInt8]) throws -> Void
    ) rethrows {
        var changed = bytes
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max where value != bytes[index] {
                changed[index] = value
                try parse(changed)
            }
            changed[index] = bytes[index]
        }
    }

    /// Prefixes, one-byte changes, and the bytes with others behind them.
    public static func neighbours(of bytes: [UInt8], _ parse: ([UInt8]) throws -> Void) rethrows {
        try prefixes(of: bytes, parse)
        try oneByteChanges(of: bytes, parse)
        for tail in [[0x00], [0xff], [0xff, 0xff, 0xff, 0xff], [UInt8](repeating: 0, count: 64)] {
            try parse(bytes + tail)
        }
    }
}
