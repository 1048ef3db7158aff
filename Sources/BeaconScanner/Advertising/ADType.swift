/// The type byte of an advertising-data structure.
///
/// Numbers: Bluetooth SIG, Assigned Numbers, §2.3 "Common Data Types". A type without a name
/// here is walked over like any other.
public struct ADType: RawRepresentable, Hashable, Sendable {
    /// The number on air.
    public var rawValue: UInt8

    /// Makes a type from its number on air.
    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Discoverability and BR/EDR support.
    public static let flags = ADType(rawValue: 0x01)
    /// Some of the 16-bit service UUIDs, 2 bytes each, lowest byte first.
    public static let incompleteUUID16List = ADType(rawValue: 0x02)
    /// All 16-bit service UUIDs, 2 bytes each, lowest byte first.
    public static let completeUUID16List = ADType(rawValue: 0x03)
    /// Some of the 32-bit service UUIDs.
    public static let incompleteUUID32List = ADType(rawValue: 0x04)
    /// All 32-bit service UUIDs.
    public static let completeUUID32List = ADType(rawValue: 0x05)
    /// Some of the 128-bit service UUIDs.
    public static let incompleteUUID128List = ADType(rawValue: 0x06)
    /// All 128-bit service UUIDs.
    public static let completeUUID128List = ADType(rawValue: 0x07)
    /// The beginning of the device's name.
    public static let shortenedName = ADType(rawValue: 0x08)
    /// The device's whole name.
    public static let completeName = ADType(rawValue: 0x09)
    /// The power the packet was sent with, one signed byte in dBm.
    public static let txPower = ADType(rawValue: 0x0a)
    /// The connection interval range the peripheral prefers.
    public static let connectionIntervalRange = ADType(rawValue: 0x12)
    /// 16-bit service UUIDs the device looks for.
    public static let solicitedUUID16List = ADType(rawValue: 0x14)
    /// 128-bit service UUIDs the device looks for.
    public static let solicitedUUID128List = ADType(rawValue: 0x15)
    /// A 16-bit service UUID, then the service's data.
    public static let serviceData16 = ADType(rawValue: 0x16)
    /// The category of the device's appearance.
    public static let appearance = ADType(rawValue: 0x19)
    /// 32-bit service UUIDs the device looks for.
    public static let solicitedUUID32List = ADType(rawValue: 0x1f)
    /// A 32-bit service UUID, then the service's data.
    public static let serviceData32 = ADType(rawValue: 0x20)
    /// A 128-bit service UUID, then the service's data.
    public static let serviceData128 = ADType(rawValue: 0x21)
    /// A company identifier (2 bytes, lowest first), then the company's data.
    public static let manufacturerData = ADType(rawValue: 0xff)
}
