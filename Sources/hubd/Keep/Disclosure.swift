import Crypto
import JSON
import Outbox
import Synchronization

/// What leaves the box: of each type of event the fields that are listed here, and nothing else.
///
/// The store hands every event to every sink by way of this one place. An event of a type that is
/// not listed leaves with its number and its type, so that numbers stay without gaps, and without
/// its data. docs/Privacy.md is the list for people; a test compares the two.
final class Disclosure: Sendable {
    private static let beacon = ["beacon", "label", "zone", "holder", "radio", "silence"]
    private static let heard = beacon + ["rssi", "distance", "proximity"]
    private static let whose = ["device", "owners"]

    /// The fields by type, without `org.hubd.` and the version; a dot leads into objects and lists.
    static let fields: [String: [String]] = [
        "beacon.entered": heard, "beacon.found": heard, "beacon.moved": heard,
        "beacon.left": beacon + ["stayed"], "beacon.missing": beacon,
        "beacon.flagged": beacon + ["finding"], "beacon.cleared": beacon + ["finding"],
        "measurement.recorded": whose + [
            "kind", "takenAt", "takenAtSource", "receivedAt", "values.name", "values.value",
            "values.unit", "values.code", "absent.name", "absent.reason", "status", "details.name",
            "details.word", "details.number", "details.unit", "deviceTime", "clockUnset",
            "clockOffset", "sequence", "day", "fromMemory", "provisional", "raw.characteristic",
            "raw.bytes",
        ],
        "card.read": whose + [
            "kind", "receivedAt", "balance.value", "balance.unit", "balanceSuspicious", "card",
            "issuer", "cardType", "cardVersion", "validFrom", "validTo", "records.counter",
            "records.amount.value", "records.amount.unit", "records.type", "records.typeName",
            "records.terminal", "records.time", "passages.network", "passages.station",
            "passages.lane", "passages.time", "passages.vehicleClass", "passages.state",
            "reader.number", "reader.battery",
        ],
        "device.data": whose + ["type", "bytes"],
        "device.bound": ["device", "kind", "owner", "reason"],
        "device.unbound": ["device", "kind", "owner", "reason"],
        "device.appeared": ["device", "kind", "silence"],
        "device.lost": ["device", "kind", "silence"],
        "shake.resolved": [
            "user", "spot.beacon", "spot.rssi", "served.campaign", "served.merchant",
        ],
        "hub.started": ["version", "beacons", "campaigns"],
        "hub.degraded": ["part", "problem"], "hub.recovered": ["part", "problem"],
        "event.dropped": ["reason", "count", "first", "last", "ranges"],
    ]

    private static let allowed = fields.mapValues(Set.init)

    /// What pseudonyms are made with; nothing of a person leaves before it is there.
    private let key = Mutex<[UInt8]?>(nil)

    /// Whether the key is there.
    var isReady: Bool { key.withLock { $0 != nil } }

    /// Takes the key that the store keeps, or makes one; does nothing when it is there.
    func prepare(_ store: Store) async throws(OutboxError) {
        guard !isReady else { return }
        let name = "disclosure/key"
        if let known = try await store.state(prefix: name)[name], known.count == 32 {
            key.withLock { $0 = known }
            return
        }
        var random = SystemRandomNumberGenerator()
        let made = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        _ = try await store.append([], state: [StateChange(key: name, value: made)])
        key.withLock { $0 = made }
    }

    /// The event as it leaves.
    func outward(_ event: Event) -> Event {
        var event = event
        guard !event.data.isEmpty else { return event }
        let noun = event.type.split(separator: ".").dropFirst(2).dropLast().joined(separator: ".")
        guard let allowed = Self.allowed[noun], let data = try? JSONValue(json: event.data) else {
            event.data = []
            return event
        }
        let time = event.time
        event.data = filter(data, "", allowed) { user in self.pseudonym(of: user, at: time) }
            .bytes()
        return event
    }

    private func filter(
        _ value: JSONValue, _ path: String, _ allowed: Set<String>, _ alias: (String) -> String?
    ) -> JSONValue {
        switch value {
        case .array(let elements):
            return .array(elements.map { filter($0, path, allowed, alias) })
        case .object(let members):
            return .object(
                members.compactMap { member in
                    let place = path.isEmpty ? member.key : "\(path).\(member.key)"
                    if place == "user" {
                        guard allowed.contains(place), case .string(let user) = member.value,
                            let alias = alias(user)
                        else { return nil }
                        return .init(member.key, .string(alias))
                    }
                    let inner = place + "."
                    guard
                        allowed.contains(place) || allowed.contains(where: { $0.hasPrefix(inner) })
                    else { return nil }
                    return .init(member.key, filter(member.value, place, allowed, alias))
                })
        default:
            // What the list knows as an object may not come as something else.
            return path.isEmpty || allowed.contains(path) ? value : .null
        }
    }

    /// Who shook, under a name that is another one on the next day of the hub.
    private func pseudonym(of user: String, at time: EventTime) -> String? {
        let seconds = time.unixNanoseconds / 1_000_000_000 + Int64(time.utcOffset)
        let day = (seconds - (seconds < 0 ? 86_399 : 0)) / 86_400
        guard let key = key.withLock({ $0 }),
            let code = Digest.hmacSHA256(Array("\(day)/\(user)".utf8), key: key)
        else { return nil }
        return "day-" + Outbox.Base64.encode(Array(code.prefix(12)), alphabet: .urlSafe)
    }
}
