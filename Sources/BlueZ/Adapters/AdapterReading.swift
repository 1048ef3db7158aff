internal import BeaconScanner
internal import DBus

/// What one message tells of an adapter's properties; nil where it says nothing.
struct AdapterUpdate {
    var address: DeviceAddress?
    var isPowered: Bool?
    var isDiscovering: Bool?

    /// Reads an `a{sv}`. A property of another type than BlueZ documents is left out.
    init(_ reader: inout MessageReader) throws(BusError) {
        var update = (address: DeviceAddress?.none, powered: Bool?.none, discovering: Bool?.none)
        try reader.dictionary { (entry) throws(BusError) in
            switch try entry.string() {
            case "Address":
                let text = try entry.variant { (value) throws(BusError) in try value.string() }
                update.address = DeviceAddress(text)
            case "Powered":
                update.powered = try entry.variant { (value) throws(BusError) in try value.bool() }
            case "Discovering":
                update.discovering = try entry.variant { (value) throws(BusError) in
                    try value.bool()
                }
            default: break
            }
        }
        address = update.address
        isPowered = update.powered
        isDiscovering = update.discovering
    }
}

extension Adapter {
    /// Takes over what a message told.
    mutating func take(_ update: AdapterUpdate) {
        if let address = update.address { self.address = address }
        if let isPowered = update.isPowered { self.isPowered = isPowered }
        if let isDiscovering = update.isDiscovering { self.isDiscovering = isDiscovering }
    }
}
