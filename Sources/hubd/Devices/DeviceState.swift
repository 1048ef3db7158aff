import BeaconScanner
import EventLoop
import HardwareHub

/// What is known of a device beside what is laid down: when it was heard, and what it said of
/// itself. It lives as long as hubd runs.
struct DeviceState {
    /// After so long a silence a device counts as gone: ten minutes, as it may only be in a drawer.
    static let lostAfter: Int64 = 600_000_000_000

    /// When it was heard last, in the air or over its connection.
    var heard: BootTime?
    /// Whether it was heard of late.
    var isHere = false
    /// In dBm, smoothed by nobody: of the last advertisement.
    var rssi: Int8?
    /// The adapter that heard it.
    var adapter: String?
    /// Where it is in the air just now: its address may be another one than it was enrolled with.
    var address: DeviceAddress?
    /// The battery's charge in percent.
    var battery: UInt8?
    /// What it says of itself: `manufacturer`, `model`, `firmware` …
    var facts: [String: String] = [:]
    /// What its clock is ahead of the hub's in seconds, and whether hubd has set it.
    var clock: (offset: Int64, wasSet: Bool)?
    /// What was reported in this connection, for the journal to tell once.
    var reports: [DeviceFault] = []
    /// Findings kept in this connection.
    var kept = 0
    /// The fault that the journal was told of and that lasts.
    var toldFault: DeviceFault?
    /// The number of the last kept event of the device since the start.
    var lastSequence: Int64?
}

/// A device that somebody could enroll: heard, of a kind that a driver serves, and known to nobody.
struct StrangeDevice: Hashable {
    var address: DeviceAddress
    /// What it may be, by the services it advertises.
    var kinds: [String]
    var name: String?
    var rssi: Int8
    var heard: BootTime
}

/// The strangers that were heard of late: a table of fixed size, the longest silent one gives way.
struct StrangeDevices {
    static let most = 64
    private var devices: [UInt64: StrangeDevice] = [:]

    /// Takes one that was heard.
    ///
    /// - Returns: whether it was not in the table.
    mutating func heard(_ device: StrangeDevice) -> Bool {
        let isNew = devices[device.address.bits] == nil
        if isNew, devices.count >= Self.most,
            let oldest = devices.values.min(by: { $0.heard < $1.heard })
        {
            devices[oldest.address.bits] = nil
        }
        devices[device.address.bits] = device
        return isNew
    }

    mutating func remove(_ address: DeviceAddress) { devices[address.bits] = nil }

    /// Those that were heard within ten minutes, the nearest first.
    func all(at now: BootTime) -> [StrangeDevice] {
        devices.values.filter { now.nanoseconds(since: $0.heard) < DeviceState.lostAfter }
            .sorted { ($0.rssi, $1.address.bits) > ($1.rssi, $0.address.bits) }
    }

    subscript(address: DeviceAddress) -> StrangeDevice? { devices[address.bits] }
}
