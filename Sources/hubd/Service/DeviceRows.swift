import BeaconScanner
import DBus
import EventLoop
import HardwareHub

/// Devices as rows for the bus: what `hubctl devices` and `hubctl device` show.
@Hub
struct DeviceRows {
    let station: DeviceStation
    let hub: String

    /// Every device, without what is the business of those who may look into events: whose it is
    /// and what it measured.
    func all() -> [Fields] { station.registry.all.map { row($0, isWhole: false) } }

    /// One device with everything.
    func one(_ device: RegisteredDevice) -> Fields { row(device, isWhole: true) }

    /// Devices that could be enrolled.
    func strangers() -> [Fields] {
        let now = BootTime(nanoseconds: Hub.loop.now.nanoseconds)
        return station.strangers.all(at: now).map { stranger in
            var fields = Fields()
            fields.set("address", "\(stranger.address)")
            fields.set("kinds", stranger.kinds)
            fields.set("name", stranger.name)
            fields.set("rssi", Int(stranger.rssi))
            fields.set("lastHeardSeconds", Self.seconds(now.nanoseconds(since: stranger.heard)))
            return fields
        }
    }

    private func row(_ device: RegisteredDevice, isWhole: Bool) -> Fields {
        let state = station.states[device.id]
        let now = BootTime(nanoseconds: Hub.loop.now.nanoseconds)
        var fields = Fields()
        fields.set("id", device.id)
        fields.set("kind", device.kind)
        fields.set("driver", Self.driver(of: device.kind))
        fields.set("maker", state?.facts["manufacturer"])
        fields.set("model", state?.facts["model"])
        fields.set("state", self.state(of: device))
        fields.set("link", link(of: device.id))
        fields.set("bindings", device.owners.count)
        fields.set("origin", device.origin.rawValue)
        fields.set("replacedBy", device.replacedBy)
        fields.set("battery", state?.battery)
        fields.set("rssi", state?.rssi.map(Int.init))
        if let heard = state?.heard {
            let age = max(0, now.nanoseconds(since: heard))
            fields.set("lastHeard", WallClock.now().moved(byNanoseconds: -age).rfc3339)
            fields.set("lastHeardSeconds", Self.seconds(age))
        }
        fields.set("lastMeasurementAt", station.last[device.id]?.time)
        fields.set("problem", device.replacedBy == nil ? station.problem(of: device) : nil)
        guard isWhole else { return fields }
        fields.set("owners", device.owners.map(\.key))
        fields.set("configuredOwners", device.owners.filter { $0.origin == .configured }.map(\.key))
        fields.set("lastMeasurement", station.last[device.id]?.text)
        fields.set("address", (state?.address ?? device.address).map { "\($0)" })
        fields.set("deviceType", device.deviceType)
        fields.set("deviceId", device.deviceID)
        fields.set("code", device.code(hub: hub))
        if let clock = state?.clock {
            fields.set("clockOffset", clock.offset)
            fields.set("clockSet", clock.wasSet)
        }
        for (name, text) in (state?.facts ?? [:]).sorted(by: { $0.key < $1.key }) {
            fields.set("fact.\(name)", text)
        }
        fields.set("reports", (state?.reports ?? []).map { "\($0)" })
        if let until = station.queue.notBefore(of: device.id, at: now) {
            fields.set("retryInSeconds", Self.seconds(until.nanoseconds(since: now)))
        }
        return fields
    }

    private static func driver(of kind: String) -> String? {
        DeviceDrivers.driver(of: kind)?.name
    }

    /// Where a device is in its life: silent ones age quietly.
    private func state(of device: RegisteredDevice) -> String {
        if device.replacedBy != nil { return "replaced" }
        guard let state = station.states[device.id], state.heard != nil else {
            return "never-heard"
        }
        return state.isHere || station.isConnected(device.id) ? "present" : "silent"
    }

    private func link(of id: String) -> String {
        switch station.queue.phase(of: id) {
        case .idle: "idle"
        case .connecting: "connecting"
        case .connected: "connected"
        case .resting: "resting"
        }
    }

    private static func seconds(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / 1e9).rounded(toDigits: 1)
    }
}
