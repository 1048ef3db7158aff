internal import BeaconScanner
internal import DBus

/// What one message tells of a device (org.bluez.Device1), read in place.
///
/// With a discovery filter that sets DuplicateData, BlueZ sends ManufacturerData and ServiceData
/// with each advertisement that has them, and RSSI whenever it differs from before. So any of the
/// three means that the device was heard.
struct DeviceUpdate {
    /// Manufacturer and service data, as advertising structures.
    var data = Payload()
    /// Whether there was any.
    var hasData: Bool { data.count > 0 }
    /// The 16-bit services; nil when the message does not name them.
    var services: ServiceList?
    /// The signal strength in dBm.
    var rssi: Int8?
    /// The kind of the address.
    var kind: DeviceAddress.Kind?

    /// Whether the device was heard, as opposed to connected, paired or renamed.
    var isSighting: Bool { hasData || rssi != nil }

    private enum Key {
        static let rssi = Array("RSSI".utf8)
        static let manufacturerData = Array("ManufacturerData".utf8)
        static let serviceData = Array("ServiceData".utf8)
        static let services = Array("UUIDs".utf8)
        static let addressType = Array("AddressType".utf8)
        static let random = Array("random".utf8)
    }

    private enum Property {
        case rssi, manufacturerData, serviceData, services, addressType, other

        init(_ name: Span<UInt8>) {
            // By length first: most properties of a device are none of these.
            switch name.count {
            case 4 where name.spells(Key.rssi): self = .rssi
            case 16 where name.spells(Key.manufacturerData): self = .manufacturerData
            case 11 where name.spells(Key.serviceData): self = .serviceData
            case 5 where name.spells(Key.services): self = .services
            case 11 where name.spells(Key.addressType): self = .addressType
            default: self = .other
            }
        }
    }

    /// Reads an `a{sv}`.
    ///
    /// - Throws: that a property has another type than BlueZ documents.
    mutating func read(_ reader: inout MessageReader) throws(BusError) {
        try reader.dictionary { (entry) throws(BusError) in
            let property = try entry.utf8 { (name) in Property(name) }
            if property == .other { return }
            try entry.variant { (value) throws(BusError) in try read(property, &value) }
        }
    }

    private mutating func read(
        _ property: Property, _ value: inout MessageReader
    ) throws(BusError) {
        switch property {
        case .rssi: rssi = Int8(clamping: try value.int16())
        case .manufacturerData: try readManufacturerData(&value)
        case .serviceData: try readServiceData(&value)
        case .services: try readServices(&value)
        case .addressType:
            kind = try value.utf8 { (text) in text.spells(Key.random) ? .random : .public }
        case .other: break
        }
    }

    /// `a{qv}`: company identifier to `ay`.
    private mutating func readManufacturerData(
        _ value: inout MessageReader
    ) throws(BusError) {
        try value.dictionary { (entry) throws(BusError) in
            let company = try entry.uint16()
            try entry.variant { (value) throws(BusError) in
                try value.bytes { (bytes) in data.append(.manufacturerData, company, bytes) }
            }
        }
    }

    /// `a{sv}`: service UUID to `ay`. Longer UUIDs than 16 bits belong to no beacon format.
    private mutating func readServiceData(_ value: inout MessageReader) throws(BusError) {
        try value.dictionary { (entry) throws(BusError) in
            guard let service = try entry.utf8({ (text) in UUID16.read(text) }) else { return }
            try entry.variant { (value) throws(BusError) in
                try value.bytes { (bytes) in data.append(.serviceData16, service, bytes) }
            }
        }
    }

    /// `as`.
    private mutating func readServices(_ value: inout MessageReader) throws(BusError) {
        var list = ServiceList()
        try value.array { (element) throws(BusError) in
            if let service = try element.utf8({ (text) in UUID16.read(text) }) {
                list.append(service)
            }
        }
        services = list
    }
}

/// 16-bit UUIDs as BlueZ writes them: `0000feaa-0000-1000-8000-00805f9b34fb`, in the Bluetooth Base
/// UUID (Core 5.4, Vol 3, Part B, §2.5.1).
enum UUID16 {
    private static let tail = Array("-0000-1000-8000-00805f9b34fb".utf8)

    /// The number; nil for a UUID of another form.
    static func read(_ text: Span<UInt8>) -> UInt16? {
        guard text.count == 8 + tail.count else { return nil }
        for index in 0..<4 where text[index] != UInt8(ascii: "0") { return nil }
        for index in tail.indices where lower(text[8 + index]) != tail[index] { return nil }
        var number: UInt16 = 0
        for index in 4..<8 {
            guard let digit = Hex.value(of: text[index]) else { return nil }
            number = number << 4 | UInt16(digit)
        }
        return number
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 6 ? byte | 0x20 : byte
    }
}
