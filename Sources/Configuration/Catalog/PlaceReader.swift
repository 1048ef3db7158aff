import BeaconScanner
import Campaigns
import JSON

/// Reading merchants, zones and beacons.
extension CatalogDraft {
    mutating func addMerchant(_ node: JSONNode, _ layer: Origin.Layer) {
        guard decoding.isObject(node, keys: ["id", "name"]) else { return }
        let id = decoding.required("id", of: node, Identifier.expected) { $0.identifier($1) }
        let name = decoding.optional("name", of: node) { $0.label($1) }
        guard let id else { return }
        let origin = origin(of: node, layer)
        decoding.note(id, id, origin, in: &merchantOrigins)
        merchants.append(Entry(value: Merchant(id: id, name: name), origin: origin))
    }

    mutating func addZone(_ node: JSONNode, _ layer: Origin.Layer) {
        guard decoding.isObject(node, keys: ["id", "parent", "kind", "label", "merchant"]) else {
            return
        }
        let id = decoding.required("id", of: node, Identifier.expected) { $0.identifier($1) }
        let parent = decoding.optional("parent", of: node) { $0.identifier($1) }
        let kind = decoding.optional("kind", of: node) { $0.token($1) }
        let label = decoding.optional("label", of: node) { $0.label($1) }
        let merchant = decoding.optional("merchant", of: node) { $0.identifier($1) }
        guard let id else { return }
        add(
            Zone(id: id, parent: parent, kind: kind, label: label, merchant: merchant),
            origin(of: node, layer))
    }

    mutating func add(_ zone: Zone, _ origin: Origin) {
        decoding.note(zone.id, zone.id, origin, in: &zoneOrigins)
        zones.append(Entry(value: zone, origin: origin))
    }

    mutating func addBeacon(_ node: JSONNode, _ layer: Origin.Layer) {
        let keys = ["id", "zone", "holder", "label", "measuredPower", "x", "y", "eid"]
        guard decoding.isObject(node, keys: keys) else { return }
        let id = decoding.required("id", of: node, BeaconIDText.expected) { $0.beaconID($1) }
        let zone = decoding.optional("zone", of: node) { $0.identifier($1) }
        let holder = decoding.optional("holder", of: node) { $0.identifier($1) }
        let label = decoding.optional("label", of: node) { $0.label($1) }
        let measuredPower = decoding.optional("measuredPower", of: node) {
            $0.whole($1, BeaconRules.measuredPower, " dBm at 1 m")
        }
        let x = decoding.optional("x", of: node) { $0.real($1, BeaconRules.metres, " m") }
        let y = decoding.optional("y", of: node) { $0.real($1, BeaconRules.metres, " m") }
        let identity = decoding.optional("eid", of: node) { $0.ephemeralIdentity($1) }
        guard let id else { return }
        var beacon = ConfiguredBeacon(
            id: id, placement: holder.map { .worn(holder: $0) } ?? .zone(zone ?? ""),
            label: label, measuredPower: measuredPower, identity: identity)
        if let x, let y { beacon.position = .init(x: x, y: y) }
        let origin = origin(of: node, layer)
        checkShape(
            origin, id, hasZone: node["zone"] != nil, hasHolder: node["holder"] != nil,
            hasX: node["x"] != nil, hasY: node["y"] != nil, hasIdentity: node["eid"] != nil)
        add(beacon, origin)
    }

    mutating func add(_ beacon: ConfiguredBeacon, _ origin: Origin) {
        decoding.note(beacon.id, beacon.id.description, origin, in: &beaconOrigins)
        beacons.append(Entry(value: beacon, origin: origin))
    }

    /// The rules on which members of a beacon belong together.
    mutating func checkShape(
        _ origin: Origin, _ id: BeaconID, hasZone: Bool, hasHolder: Bool, hasX: Bool, hasY: Bool,
        hasIdentity: Bool
    ) {
        if hasZone == hasHolder {
            decoding.report(
                origin, [],
                hasZone ? "both \"zone\" and \"holder\"" : "neither \"zone\" nor \"holder\"",
                "a \"zone\" for a fixed beacon or a \"holder\" for a worn one")
        }
        if hasX != hasY {
            decoding.report(
                origin, [.key(hasX ? "x" : "y")], "only one coordinate",
                "\"x\" and \"y\", or neither")
        }
        let isEphemeral = id.format == .eddystoneResolved
        if isEphemeral != hasIdentity {
            decoding.report(
                origin, [.key("eid")],
                hasIdentity ? "an identity for a beacon that keeps its id" : "missing",
                hasIdentity
                    ? "it only with an id \"eddystone-eid:NAME\""
                    : "an object with \"keyFile\", \"rotation\" and \"epoch\" in the catalog file")
        }
    }
}

/// Limits of a beacon's settings.
enum BeaconRules {
    /// dBm at one metre; a positive value is a lost minus sign.
    static let measuredPower: ClosedRange<Int8> = -100...0
    /// Metres on a floor plan.
    static let metres = -100_000.0...100_000.0
}

extension Decoding {
    mutating func ephemeralIdentity(_ node: JSONNode) -> ConfiguredBeacon.EphemeralIdentity? {
        guard isObject(node, keys: ["keyFile", "rotation", "epoch"]) else { return nil }
        let keyFile = required("keyFile", of: node, "the file with the identity key") {
            $0.secretFile($1)
        }
        let rotation: UInt8? = required("rotation", of: node, "the exponent, 0 to 15") {
            $0.whole($1, 0...15)
        }
        let epoch = required("epoch", of: node, Timestamp.expected) { $0.timestamp($1) }
        guard let keyFile, let rotation, let epoch else { return nil }
        return .init(keyFile: keyFile, rotation: rotation, epoch: epoch)
    }

    /// A moment: Unix seconds, or RFC 3339.
    mutating func timestamp(_ node: JSONNode) -> Int64? {
        switch node.content {
        case .number(let number):
            if let value = number.integer(as: Int64.self), Timestamp.range.contains(value) {
                return value
            }
        case .string(let text):
            if let value = Timestamp.unixSeconds(text) { return value }
        default: break
        }
        reject(node, Timestamp.expected)
        return nil
    }
}
