import Configuration
import HardwareHub

extension RegisteredDevice {
    /// A device of the configuration.
    init(_ device: Device) {
        self.init(
            id: device.id, kind: device.kind, address: device.address,
            deviceType: device.deviceType, deviceID: device.deviceID, keyFile: device.keyFile,
            ticket: device.qrTicket, origin: .configured,
            owners: device.owners.map { Owner(key: $0, origin: .configured) })
    }
}
