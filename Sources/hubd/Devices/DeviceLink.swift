import BeaconScanner
import EventLoop
import HardwareHub

/// A device that a radio heard.
struct DeviceSighting {
    let address: DeviceAddress
    /// In dBm.
    let rssi: Int8
    /// The adapter that heard it: `hci0`.
    let adapter: String
    /// The services that it advertises.
    let services: [GATTUUID]
    /// Its name, when it says one.
    let name: String?
}

/// One connection to a device.
@Hub
protocol DeviceLink: AnyObject {
    /// Ends it, after a goodbye.
    func end()
    /// Hands bytes to the driver's machine.
    func push(_ bytes: [UInt8])
}

/// What a connection tells.
struct DeviceLinkOwner {
    /// The device is connected and its services are known.
    let onConnected: @Hub () -> Void
    /// Makes findings durable with the driver's memory; returns why it could not, nil when it did.
    let keep: @Hub ([DeviceFinding], [String: [UInt8]?]) async -> String?
    /// The device says something about itself.
    let onNote: @Hub (DeviceNote) -> Void
    /// Something was wrong, and the connection goes on.
    let onReport: @Hub (DeviceFault) -> Void
    /// It has ended: the last thing that is told, once.
    let onEnd: @Hub (DeviceOutcome) -> Void
}

/// Makes connections.
@Hub
protocol DeviceConnector: AnyObject {
    /// Connects; returns at once.
    func connect(
        _ address: DeviceAddress, _ machine: any DeviceMachine, owner: DeviceLinkOwner
    ) -> any DeviceLink
    /// Pairs.
    func pair(_ address: DeviceAddress, passkey: UInt32?) async throws(DeviceFault)
    /// Says what is looked out for.
    func look(for addresses: [DeviceAddress], services: [GATTUUID])
}
