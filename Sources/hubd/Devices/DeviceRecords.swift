import BeaconScanner
import HardwareHub
import JSON
import Outbox

/// What is kept of devices in the store's state, beside their events and in the same transactions.
///
/// | key | value |
/// |---|---|
/// | `device/ID` | the device and its bindings, a JSON object |
/// | `device-last/ID` | what it measured last and when, a JSON object |
/// | `device-memory/ID KEY` | what its driver wants to find again, in the driver's own form |
enum DeviceRecords {
    private static let device = "device/"
    private static let last = "device-last/"
    private static let memory = "device-memory/"

    /// All that is kept.
    struct Kept {
        var devices: [RegisteredDevice] = []
        var last: [String: LastFinding] = [:]
        var memory: [String: [String: [UInt8]]] = [:]
        /// Keys whose value cannot be read: left as they are, and told of.
        var unreadable: [String] = []
    }

    /// What a device yielded last.
    struct LastFinding: Hashable {
        /// RFC 3339.
        var time: String
        /// `systolic 118 mm[Hg], diastolic 76 mm[Hg]`.
        var text: String
    }

    /// Reads everything.
    static func read(_ store: Store) async throws(OutboxError) -> Kept {
        var kept = Kept()
        for (key, value) in try await store.state(prefix: device) {
            if let device = RegisteredDevice(json: value) {
                kept.devices.append(device)
            } else {
                kept.unreadable.append(key)
            }
        }
        for (key, value) in try await store.state(prefix: last) {
            let json = try? JSONValue(json: value)
            guard let time = json?["time"]?.string, let text = json?["text"]?.string else {
                kept.unreadable.append(key)
                continue
            }
            kept.last[String(key.dropFirst(last.count))] = LastFinding(time: time, text: text)
        }
        for (key, value) in try await store.state(prefix: memory) {
            let parts = key.dropFirst(memory.count).split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { continue }
            kept.memory[String(parts[0]), default: [:]][String(parts[1])] = value
        }
        return kept
    }

    static func change(_ device: RegisteredDevice) -> StateChange {
        StateChange(key: self.device + device.id, value: device.json.bytes())
    }

    static func removal(_ id: String) -> StateChange {
        StateChange(key: device + id, value: nil)
    }

    static func change(_ id: String, _ finding: LastFinding) -> StateChange {
        let json = JSONValue.object([
            .init("time", .string(finding.time)), .init("text", .string(finding.text)),
        ])
        return StateChange(key: last + id, value: json.bytes())
    }

    /// The removal of all that a device's driver and its last measurement left.
    static func removals(_ id: String, memory keys: [String]) -> [StateChange] {
        [StateChange(key: last + id, value: nil)]
            + keys.map { StateChange(key: "\(memory)\(id) \($0)", value: nil) }
    }

    static func changes(_ id: String, _ memory: [String: [UInt8]?]) -> [StateChange] {
        memory.map { StateChange(key: "\(self.memory)\(id) \($0)", value: $1) }
    }
}

extension RegisteredDevice {
    fileprivate var json: JSONValue {
        DeviceWriter.object([
            ("id", .string(id)), ("kind", .string(kind)),
            ("address", address.map { .string($0.description) }),
            ("addressKind", address.map { .integer($0.kind.rawValue) }),
            ("deviceType", deviceType.map { .string($0) }),
            ("deviceId", deviceID.map { .string($0) }), ("keyFile", keyFile.map { .string($0) }),
            ("ticket", ticket.map { .string($0) }), ("origin", .string(origin.rawValue)),
            (
                "owners",
                .array(
                    owners.map {
                        .object([
                            .init("key", .string($0.key)),
                            .init("origin", .string($0.origin.rawValue)),
                        ])
                    })
            ),
            ("replacedBy", replacedBy.map { .string($0) }),
        ])
    }

    fileprivate init?(json bytes: [UInt8]) {
        guard let json = try? JSONValue(json: bytes), let id = json["id"]?.string,
            let kind = json["kind"]?.string,
            let origin = json["origin"]?.string.flatMap(Origin.init(rawValue:))
        else { return nil }
        let kindOfAddress =
            json["addressKind"]?.number?.integer(as: UInt8.self)
            .flatMap(DeviceAddress.Kind.init(rawValue:)) ?? .public
        let owners = (json["owners"]?.elements ?? []).compactMap { entry -> Owner? in
            guard let key = entry["key"]?.string,
                let origin = entry["origin"]?.string.flatMap(Origin.init(rawValue:))
            else { return nil }
            return Owner(key: key, origin: origin)
        }
        self.init(
            id: id, kind: kind,
            address: json["address"]?.string.flatMap { DeviceAddress($0, kind: kindOfAddress) },
            deviceType: json["deviceType"]?.string, deviceID: json["deviceId"]?.string,
            keyFile: json["keyFile"]?.string, ticket: json["ticket"]?.string, origin: origin,
            owners: owners, replacedBy: json["replacedBy"]?.string)
    }
}
