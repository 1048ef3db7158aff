import BeaconScanner
public import Campaigns
import JSON

/// The zones and beacons that came by import, as the daemon keeps them.
///
/// The document is a catalog with nothing but `zones` and `beacons`, so an operator can take over
/// its entries into the catalog file as they are.
public struct CatalogOverlay: Hashable, Sendable {
    /// The zones.
    public var zones: [Zone]
    /// The beacons.
    public var beacons: [ConfiguredBeacon]

    /// Makes an overlay.
    public init(zones: [Zone] = [], beacons: [ConfiguredBeacon] = []) {
        self.zones = zones
        self.beacons = beacons
    }

    /// The document; `CatalogDraft.addOverlay` reads it.
    public var document: [UInt8] {
        let value: JSONValue = [
            "zones": .array(zones.map(CatalogOverlay.value)),
            "beacons": .array(beacons.map(CatalogOverlay.value)),
        ]
        return value.bytes(.pretty) + [UInt8(ascii: "\n")]
    }

    private static func value(_ zone: Zone) -> JSONValue {
        object([
            ("id", .string(zone.id)), ("parent", zone.parent.map(JSONValue.string)),
            ("kind", zone.kind.map(JSONValue.string)), ("label", zone.label.map(JSONValue.string)),
            ("merchant", zone.merchant.map(JSONValue.string)),
        ])
    }

    private static func value(_ beacon: ConfiguredBeacon) -> JSONValue {
        object([
            ("id", .string(beacon.id.description)), ("zone", beacon.zone.map(JSONValue.string)),
            ("holder", beacon.holder.map(JSONValue.string)),
            ("label", beacon.label.map(JSONValue.string)),
            ("measuredPower", beacon.measuredPower.map { .integer($0) }),
            ("x", beacon.position.map { .double($0.x) }),
            ("y", beacon.position.map { .double($0.y) }),
            (
                "eid",
                beacon.identity.map { identity in
                    [
                        "keyFile": .string(identity.keyFile),
                        "rotation": .integer(identity.rotation),
                        "epoch": .integer(identity.epoch),
                    ]
                }
            ),
        ])
    }

    private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { key, value in value.map { .init(key, $0) } })
    }
}
