import BeaconScanner
import Campaigns

/// What can only be checked when everything has been read: what refers to what.
extension CatalogDraft {
    /// The limits hold for all sources together.
    mutating func checkCounts() {
        check(zones.last?.origin, zones.count, Catalog.maximumZones, "zones")
        check(beacons.last?.origin, beacons.count, Catalog.maximumBeacons, "beacons")
    }

    private mutating func check(_ last: Origin?, _ count: Int, _ limit: Int, _ things: String) {
        guard count > limit, let last else { return }
        decoding.report(last, [], "\(count) \(things) together", "at most \(limit)")
    }

    /// Parents are there, go round in no circle and do not stand too deep.
    mutating func checkZones() {
        var parents: [String: String] = [:]
        for entry in zones {
            guard let parent = entry.value.parent else { continue }
            guard zoneOrigins[parent] != nil else {
                reportUnknown(
                    entry.origin, [.key("parent")], parent, "a zone", zoneOrigins.keys)
                continue
            }
            parents[entry.value.id] = parent
        }
        // How deep a zone stands; a zone met again on the way up closes a circle.
        var depths: [String: Int] = [:]
        for entry in zones where depths[entry.value.id] == nil {
            var chain: [String] = []
            var onChain: Set<String> = []
            var current: String? = entry.value.id
            while let zone = current, depths[zone] == nil {
                guard onChain.insert(zone).inserted else {
                    let start = chain.firstIndex(of: zone) ?? 0
                    let circle = (chain[start...] + [zone]).map(Decoding.quoted)
                    decoding.report(
                        entry.origin, [.key("parent")],
                        "a circle: \(circle.prefix(12).joined(separator: " in "))",
                        "zones inside zones, up to one that has no parent")
                    break
                }
                chain.append(zone)
                current = parents[zone]
            }
            var depth = current.flatMap { depths[$0] } ?? 0
            for zone in chain.reversed() {
                depth += 1
                depths[zone] = depth
                if depth == Catalog.maximumZoneDepth + 1, let origin = zoneOrigins[zone] {
                    decoding.report(
                        origin, [.key("parent")],
                        "more than \(Catalog.maximumZoneDepth) zones around",
                        "fewer levels")
                }
            }
        }
    }

    /// Every id that is referred to exists.
    mutating func checkReferences() {
        let zoneIDs = zoneOrigins.keys
        let merchantIDs = merchantOrigins.keys
        for entry in zones {
            guard let merchant = entry.value.merchant, merchantOrigins[merchant] == nil else {
                continue
            }
            reportUnknown(entry.origin, [.key("merchant")], merchant, "a merchant", merchantIDs)
        }
        for entry in beacons {
            guard let zone = entry.value.zone, !zone.isEmpty, zoneOrigins[zone] == nil else {
                continue
            }
            reportUnknown(entry.origin, [.key("zone")], zone, "a zone", zoneIDs)
        }
        for number in campaigns.indices {
            // By number: an entry is big, and copying ten thousand of them would show.
            let merchant = campaigns[number].value.merchant
            let place = campaigns[number].value.place
            let origin = campaigns[number].origin
            if merchantOrigins[merchant] == nil {
                reportUnknown(origin, [.key("merchant")], merchant, "a merchant", merchantIDs)
            }
            for (index, zone) in place.zones.enumerated() where zoneOrigins[zone] == nil {
                reportUnknown(
                    origin, [.key("where"), .key("zones"), .index(index)], zone, "a zone",
                    zoneIDs)
            }
            for (index, beacon) in place.beacons.enumerated()
            where beaconOrigins[beacon] == nil {
                decoding.report(
                    origin, [.key("where"), .key("beacons"), .index(index)],
                    "the unknown beacon \(beacon)", "one that is listed under \"beacons\"")
            }
        }
    }

    private mutating func reportUnknown(
        _ origin: Origin, _ inner: [PathElement], _ id: String, _ thing: String,
        _ known: some Collection<String>
    ) {
        // Who has a hundred problems has not mistyped a hundred names.
        let question = decoding.problems.list.count < 100 ? Suggestion.question(id, known) : ""
        decoding.report(
            origin, inner, "the unknown id \(Decoding.quoted(id))",
            "the id of \(thing) that is listed" + question)
    }
}
