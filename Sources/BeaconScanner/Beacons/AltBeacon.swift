/// An AltBeacon frame.
///
/// wire: | company (2, lowest first, any) | be ac (2) | id (20) | reference RSSI (1, dBm at 1 m) |
/// reserved for the maker (1) |; the body of manufacturer data (AltBeacon specification 1.0).
///
/// Some senders leave out the last byte; it is then read as 0.
public struct AltBeacon: Hashable, Sendable {
    /// The maker's company identifier.
    public var company: UInt16
    /// The 20 bytes of the identifier; by convention 16 + 2 + 2.
    public var id: BeaconID
    /// The signal strength at 1 m, in dBm.
    public var referenceRSSI: Int8
    /// A byte of the maker's own.
    public var makerReserved: UInt8

    /// Reads the frame in manufacturer data that begins with the company identifier.
    ///
    /// Throws `FrameError`: `.otherFormat` without the mark `be ac`, `.length` when the data has
    /// neither 25 nor 26 bytes.
    public init(manufacturerData data: Span<UInt8>) throws(FrameError) {
        guard Self.isMarked(data) else { throw .otherFormat }
        guard data.count == 25 || data.count == 26 else { throw .length(data.count) }
        company = data.littleEndian(UInt16.self, at: 0)
        id = BeaconID(format: .altBeacon, twenty: data.extracting(4..<24))
        referenceRSSI = data.signed(at: 24)
        makerReserved = data.count > 25 ? data[25] : 0
    }

    /// Whether the data carries the format's mark.
    @inline(__always)
    static func isMarked(_ data: Span<UInt8>) -> Bool {
        data.count >= 4 && data[2] == 0xbe && data[3] == 0xac
    }
}
