/// What a report says about one advertisement, apart from its data.
///
/// The data travels beside it as a `Span<UInt8>`. A scan response is an advertisement of its own,
/// with `.scanResponse` set: joining it to the advertisement before parsing would let a truncated
/// structure swallow it.
public struct Advertisement: Hashable, Sendable {
    /// Event properties (Core 5.4, Vol 4, Part E, §7.7.65.13, Event_Type).
    public struct Properties: OptionSet, Hashable, Sendable {
        /// The bits 0 to 4 of Event_Type, and `truncated`.
        public var rawValue: UInt8

        /// Makes a set from its bits.
        @inlinable
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The advertiser accepts connections.
        public static let connectable = Properties(rawValue: 0x01)
        /// The advertiser answers scan requests.
        public static let scannable = Properties(rawValue: 0x02)
        /// Meant for one device.
        public static let directed = Properties(rawValue: 0x04)
        /// The answer to a scan request.
        public static let scanResponse = Properties(rawValue: 0x08)
        /// Sent with a legacy PDU, so of at most 31 bytes.
        public static let legacy = Properties(rawValue: 0x10)
        /// The controller did not receive all of the data.
        public static let truncated = Properties(rawValue: 0x20)
    }

    /// A radio mode, by its number in HCI reports.
    public struct PHY: RawRepresentable, Hashable, Sendable {
        /// The number in HCI reports.
        public var rawValue: UInt8

        /// Makes a PHY from its number in HCI reports.
        @inlinable
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// No packets on the secondary channels.
        public static let none = PHY(rawValue: 0)
        /// LE 1M.
        public static let le1M = PHY(rawValue: 1)
        /// LE 2M.
        public static let le2M = PHY(rawValue: 2)
        /// LE Coded ("long range").
        public static let leCoded = PHY(rawValue: 3)
    }

    /// Who sent it; for `.anonymous` the bits are zero.
    public var address: DeviceAddress

    // The rest in one word, laid out like bytes 8 to 15 of an extended report but for the lowest,
    // so that a header is made with one load and passed in three registers: properties,
    // primary PHY, secondary PHY, set id, TX power, RSSI, periodic interval (2).
    @usableFromInline
    var details: UInt64

    /// Makes a header; what is not named is as in a legacy report.
    @inlinable
    public init(
        address: DeviceAddress, rssi: RSSI, properties: Properties, setID: UInt8? = nil,
        txPower: Int8? = nil, primaryPHY: PHY = PHY(rawValue: 1),
        secondaryPHY: PHY = PHY(rawValue: 0), periodicInterval: UInt16 = 0
    ) {
        let low =
            UInt32(properties.rawValue) | UInt32(primaryPHY.rawValue) &<< 8
            | UInt32(secondaryPHY.rawValue) &<< 16 | UInt32(setID ?? 0xff) &<< 24
        let high =
            UInt32(UInt8(bitPattern: txPower ?? 0x7f)) | UInt32(UInt8(bitPattern: rssi.dBm)) &<< 8
            | UInt32(periodicInterval) &<< 16
        self.init(address: address, details: UInt64(low) | UInt64(high) &<< 32)
    }

    @inlinable
    init(address: DeviceAddress, details: UInt64) {
        self.address = address
        self.details = details
    }

    /// Takes the details of an extended report, from its event type on, with these properties.
    @inlinable @inline(__always)
    init(address: DeviceAddress, report: Span<UInt8>, properties: UInt8) {
        let word = report.littleEndian(UInt64.self, at: 8)
        self.init(address: address, details: word & ~0xff | UInt64(properties))
    }

    @inlinable
    func byte(_ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: details &>> (8 &* index)) }

    /// What kind of advertisement it is.
    @inlinable
    public var properties: Properties { Properties(rawValue: byte(0)) }
    /// The PHY of the primary advertising channels.
    @inlinable
    public var primaryPHY: PHY { PHY(rawValue: byte(1)) }
    /// The PHY of the secondary advertising channels.
    @inlinable
    public var secondaryPHY: PHY { PHY(rawValue: byte(2)) }
    /// The advertising set identifier (0 to 15) of an extended advertisement.
    @inlinable
    public var setID: UInt8? { byte(3) == 0xff ? nil : byte(3) }
    /// The power it says it was sent with, in dBm.
    @inlinable
    public var txPower: Int8? { byte(4) == 0x7f ? nil : Int8(bitPattern: byte(4)) }
    /// How strongly it was received.
    @inlinable
    public var rssi: RSSI { RSSI(Int8(bitPattern: byte(5))) }
    /// The interval of the set's periodic advertising in units of 1.25 ms; 0 is none.
    @inlinable
    public var periodicInterval: UInt16 { UInt16(truncatingIfNeeded: details &>> 48) }

    /// The most data a legacy PDU carries, in bytes (Core 5.4, Vol 6, Part B, §2.3.1).
    @inlinable
    public static var longestLegacyData: Int { 31 }
    /// The most data an extended advertisement carries in all its fragments, in bytes
    /// (Core 5.4, Vol 4, Part E, §7.8.57).
    public static let longestData = 1650
}
