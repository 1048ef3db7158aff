public import BeaconScanner
public import HardwareHub

/// A device that somebody looks out for was heard.
public struct DeviceSighting: Hashable, Sendable {
    /// Its address. Of a device that is bonded and uses private addresses, bluetoothd tells the one
    /// that stays (Core 5.4, Vol 6, Part B, §1.3.2.3).
    public var address: DeviceAddress
    /// In dBm.
    public var rssi: Int8
    /// The adapter that heard it: `hci0`.
    public var adapter: String
    /// The 16-bit services that it advertises, at most eight.
    public var services: [GATTUUID]
    /// Its name, when it was said just now.
    public var name: String?

    /// Makes a sighting.
    public init(
        address: DeviceAddress, rssi: Int8, adapter: String, services: [GATTUUID] = [],
        name: String? = nil
    ) {
        self.address = address
        self.rssi = rssi
        self.adapter = adapter
        self.services = services
        self.name = name
    }
}
