/// What a device says about itself in the Device Information service (180A) and the Battery
/// service (180F).
public enum DeviceInformation {
    /// Reads one of the text characteristics: 2A24 model, 2A25 serial number, 2A26 firmware,
    /// 2A27 hardware, 2A28 software, 2A29 manufacturer.
    ///
    /// UTF-8, ended by the first NUL that some makers pad with; what is not UTF-8 is replaced.
    public static func text(_ value: Span<UInt8>) -> String {
        var bytes = value.copy()
        if let end = bytes.firstIndex(of: 0) { bytes.removeSubrange(end...) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads Battery Level (2A19): one byte, percent.
    ///
    /// - Throws: `MalformedValue` for an empty value or more than 100.
    public static func batteryLevel(_ value: Span<UInt8>) throws(MalformedValue) -> UInt8 {
        var cursor = ByteCursor()
        let level = try cursor.uint8(value, "battery level")
        guard level <= 100 else { throw .invalid("the battery level is above 100 %", at: 0) }
        return level
    }
}

/// Who makes a device and which one it is (PnP ID, 2A50).
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | vendor numbers of: 1 Bluetooth SIG, 2 USB Implementers Forum |
/// | 1 | 2 | vendor |
/// | 3 | 2 | product |
/// | 5 | 2 | version |
public struct PnPID: Hashable, Sendable {
    /// Who numbers the vendors: 1 Bluetooth SIG, 2 USB Implementers Forum.
    public let source: UInt8
    /// Vendor number.
    public let vendor: UInt16
    /// Product number.
    public let product: UInt16
    /// Version: by custom binary-coded decimal, 0x0213 = 2.1.3.
    public let version: UInt16

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        source = try cursor.uint8(value, "vendor source")
        vendor = try cursor.uint16(value, "vendor")
        product = try cursor.uint16(value, "product")
        version = try cursor.uint16(value, "version")
    }
}

/// A device's unique number (System ID, 2A23).
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 5 | number given by the manufacturer, lowest byte first |
/// | 5 | 3 | manufacturer (OUI), lowest byte first |
public struct SystemID: Hashable, Sendable {
    /// 40 bits given by the manufacturer.
    public let number: UInt64
    /// 24 bits that name the manufacturer.
    public let manufacturer: UInt32

    /// Reads the value of the characteristic.
    ///
    /// - Throws: `MalformedValue` for fewer than eight bytes.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        number = try cursor.little(value, 5, "manufacturer's number")
        manufacturer = try cursor.uint24(value, "manufacturer")
    }
}
