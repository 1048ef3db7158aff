/// The names of BlueZ on the bus (doc/org.bluez.*.rst of BlueZ).
enum Names {
    static let service = "org.bluez"
    static let adapter = "org.bluez.Adapter1"
    static let device = "org.bluez.Device1"
    static let service1 = "org.bluez.GattService1"
    static let characteristic = "org.bluez.GattCharacteristic1"
    static let agent = "org.bluez.Agent1"
    static let agentManager = "org.bluez.AgentManager1"
    static let advertisingManager = "org.bluez.LEAdvertisingManager1"
    static let advertisementMonitorManager = "org.bluez.AdvertisementMonitorManager1"
    static let objectManager = "org.freedesktop.DBus.ObjectManager"
    static let properties = "org.freedesktop.DBus.Properties"
    static let bus = "org.freedesktop.DBus"
}

extension Span<UInt8> {
    /// Whether these are the bytes of a text, compared in place.
    func spells(_ text: [UInt8]) -> Bool {
        guard count == text.count else { return false }
        for index in indices where self[index] != text[index] { return false }
        return true
    }
}
