/// An Eddystone-URL frame.
///
/// wire: | 10 (1) | TX power (1, dBm at 0 m) | scheme (1) | encoded URL (1 to 17) |
///
/// A byte below 0e stands for an ending such as `.com/`; 0e to 20 and 7f to ff are reserved.
public struct EddystoneURL: Hashable, Sendable {
    /// The scheme and the encoded URL.
    public var id: BeaconID
    /// The power at 0 m, in dBm.
    public var powerAtZero: Int8

    /// The signal strength at 1 m, in dBm.
    public var measuredPower: Int8 { EddystoneFrame.powerAtOneMetre(powerAtZero) }

    /// Whether the power is one that the specification allows, −100 to +20 dBm. A frame with
    /// another one is read all the same: its sender is here, and only distances suffer.
    public var hasAllowedPower: Bool { EddystoneFrame.powers.contains(powerAtZero) }

    /// Reads a frame from its first byte on.
    ///
    /// Throws `FrameError`: `.otherFormat` for another frame type, `.length` when it has not 4 to
    /// 20 bytes, `.reserved` for a reserved scheme or character.
    public init(frame: Span<UInt8>) throws(FrameError) {
        try EddystoneFrame.check(frame, type: EddystoneFrame.url)
        guard (4...20).contains(frame.count) else { throw .length(frame.count) }
        guard frame[2] < UInt8(Self.schemes.count) else { throw .reserved(frame[2], at: 2) }
        var words: [3 of UInt64] = [0, 0, 0]
        for index in 2..<frame.count {
            let code = frame[index]
            guard code < 0x0e || (0x21...0x7e).contains(code) else {
                throw .reserved(code, at: index)
            }
            let place = index &- 2
            let shift = UInt64(truncatingIfNeeded: 56 &- 8 &* (place & 7))
            words[place &>> 3] |= UInt64(code) &<< shift
        }
        powerAtZero = frame.signed(at: 1)
        id = BeaconID(
            format: .eddystoneURL, length: UInt8(truncatingIfNeeded: frame.count &- 2),
            high: words[0], middle: words[1], low: UInt32(truncatingIfNeeded: words[2] &>> 32))
    }

    /// The URL in full, such as `http://www.cnn.com`.
    public var text: String { Self.text(of: id) ?? "" }

    /// The URL in full of an identifier; nil when it is not an Eddystone URL.
    public static func text(of id: BeaconID) -> String? {
        let bytes = id.bytes
        guard id.format == .eddystoneURL, let scheme = bytes.first, scheme < schemes.count else {
            return nil
        }
        return bytes.dropFirst().reduce(into: schemes[Int(scheme)]) { text, code in
            if code < endings.count {
                text += endings[Int(code)]
            } else {
                text.unicodeScalars.append(Unicode.Scalar(code))
            }
        }
    }

    /// Eddystone-URL specification, "URL Scheme Prefix".
    private static let schemes = ["http://www.", "https://www.", "http://", "https://"]
    /// Eddystone-URL specification, "Eddystone-URL HTTP URL encoding".
    private static let endings = [
        ".com/", ".org/", ".edu/", ".net/", ".info/", ".biz/", ".gov/",
        ".com", ".org", ".edu", ".net", ".info", ".biz", ".gov",
    ]
}
