import DBus
import EventLoop
import HardwareHub
import JSON

/// What sinks that keep state tell of a device: how it is, not whose it is and what it measured.
@Hub
struct DeviceStateDocument {
    let rows: DeviceRows

    private static let keys: Set<String> = [
        "kind", "maker", "model", "state", "link", "battery", "lastHeard", "lastMeasurementAt",
        "replacedBy", "problem",
    ]

    /// The JSON document of a device; nil when there is no such device.
    func bytes(of id: String) -> [UInt8]? {
        guard let device = rows.station.registry.device(id) else { return nil }
        let members = rows.one(device).entries.compactMap { key, value -> JSONValue.Member? in
            guard Self.keys.contains(key) else { return nil }
            switch value {
            case .string(let text): return JSONValue.Member(key, .string(text))
            case .int64(let number): return JSONValue.Member(key, .integer(number))
            case .double(let number): return JSONValue.Member(key, .double(number))
            default: return nil
            }
        }
        return JSONValue.object(members).bytes()
    }
}
