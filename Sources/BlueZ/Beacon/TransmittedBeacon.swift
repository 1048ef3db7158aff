/// The iBeacon that the hub itself sends.
public struct TransmittedBeacon: Hashable, Sendable {
    /// The manufacturer data behind the company identifier.
    ///
    /// wire: | type 02 (1) | length 15 (1) | UUID (16) | major (2) | minor (2) | measured power (1) |
    /// (Apple, Proximity Beacon Specification R1), numbers highest byte first.
    public let data: [UInt8]
    /// How it is called in status and journal.
    public let title: String

    /// Apple, Inc., whose format it is (Bluetooth SIG, Assigned Numbers, company identifiers).
    static let company: UInt16 = 0x004c

    /// Makes a beacon; nil when the UUID has not 16 bytes.
    ///
    /// - Parameters:
    ///   - uuid: 16 bytes.
    ///   - major: the larger group.
    ///   - minor: the smaller one.
    ///   - measuredPower: what a receiver at 1 m measures, in dBm.
    ///   - title: how people call it.
    public init?(
        uuid: [UInt8], major: UInt16, minor: UInt16, measuredPower: Int8, title: String
    ) {
        guard uuid.count == 16 else { return nil }
        func bytes(_ number: UInt16) -> [UInt8] {
            [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
        }
        data =
            [0x02, 0x15] + uuid + bytes(major) + bytes(minor)
            + [UInt8(bitPattern: measuredPower)]
        self.title = title
    }
}
