/// A device that offers WeChat's AirSync or sport service, as it advertises itself.
///
/// wire: service UUID 0xFEE7 among the listed 16-bit UUIDs, and manufacturer data of at least 8
/// bytes whose last 6 are the device's address.
///
/// Makers disagree on the order of the six bytes; which one is right shows when the device is
/// read (characteristic 0xFEC9) or introduces itself. The UUID alone proves nothing: signs and
/// watches carry a stub of the service.
public struct AirSyncDevice: Hashable, Sendable {
    /// The six bytes, the first one highest: the address if the maker sent it as it is displayed.
    public var displayOrder: UInt64

    /// Makes a device from the six bytes, the first one highest.
    @inlinable
    public init(displayOrder: UInt64) {
        self.displayOrder = displayOrder & 0xffff_ffff_ffff
    }

    /// The address if the maker sent its bytes in reverse.
    @inlinable
    public var reverseOrder: UInt64 { displayOrder.byteSwapped >> 16 }

    /// Whether one of the two orders is this address.
    @inlinable
    public func names(_ address: DeviceAddress) -> Bool {
        address.bits == displayOrder || address.bits == reverseOrder
    }

    /// The service UUID.
    static let service: UInt16 = 0xfee7
}
