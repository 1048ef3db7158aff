import BeaconScanner
import HardwareHub

/// hubd's own drivers.
enum DeviceDrivers {
    /// In the order in which they are asked what a device may be.
    static let all: [any DeviceDriver] = [
        HealthDriver(), WeChatSportDriver(), AirSyncDriver(), ETCReaderDriver(),
    ]

    /// The services that their devices advertise, in order of their text.
    static var services: [GATTUUID] {
        Set(all.flatMap(\.services)).sorted { "\($0)" < "\($1)" }
    }

    /// The kinds there are, for people.
    static var kinds: String { all.flatMap(\.kinds).joined(separator: ", ") }

    /// The driver of a kind; nil when there is none.
    static func driver(of kind: String) -> (any DeviceDriver)? {
        all.first { $0.kinds.contains(kind) }
    }
}
