public import BeaconScanner

extension Catalog {
    /// The beacons as the presence table needs them, in the same order.
    public var knownBeacons: [KnownBeacon] {
        let zones = zoneNumbers
        return beacons.map { beacon in
            KnownBeacon(
                id: beacon.id, measuredPower: beacon.measuredPower,
                zone: beacon.zone.flatMap { zones[$0] }, isWorn: beacon.holder != nil)
        }
    }

    /// The number of each zone: its place in the catalog.
    public var zoneNumbers: [String: Int32] {
        Dictionary(
            zones.enumerated().map { ($0.element.id, Int32(truncatingIfNeeded: $0.offset)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The number of each zone's parent, −1 at the top.
    public var zoneParents: [Int32] {
        let numbers = zoneNumbers
        return zones.map { $0.parent.flatMap { numbers[$0] } ?? -1 }
    }

    /// The id of a zone by its number; nil when there is none.
    public func zone(_ number: Int32?) -> String? {
        guard let number, zones.indices.contains(Int(number)) else { return nil }
        return zones[Int(number)].id
    }
}
