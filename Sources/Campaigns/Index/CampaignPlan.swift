import BeaconScanner

/// The part of an index that stays as long as the catalog does.
///
/// A class, so that handing an index on costs a reference and not a dozen.
final class CampaignPlan: Sendable {
    let catalog: Catalog
    let tree: ZoneTree
    let bindings: ZoneBindings
    let beaconNumbers: [BeaconID: Int32]
    /// The campaigns bound to each beacon itself.
    let ownCampaigns: Rows
    /// The place of each beacon's zone; -1 for worn beacons and unknown zones.
    let beaconPlaces: [Int32]
    /// When running campaigns may begin or stop.
    let boundaries: DayBoundaries

    init(_ catalog: Catalog) {
        self.catalog = catalog
        let tree = ZoneTree(catalog.zones)
        self.tree = tree
        bindings = ZoneBindings(catalog.campaigns, tree)
        let numbers = Dictionary(
            catalog.beacons.enumerated().map {
                ($0.element.id, Int32(truncatingIfNeeded: $0.offset))
            }, uniquingKeysWith: { first, _ in first })
        beaconNumbers = numbers
        ownCampaigns = Rows(
            count: catalog.beacons.count,
            catalog.campaigns.enumerated().flatMap { number, campaign in
                Set(campaign.place.beacons).compactMap { beacon in
                    numbers[beacon].map { (Int($0), Int32(truncatingIfNeeded: number)) }
                }
            })
        beaconPlaces = catalog.beacons.map { beacon in
            Int32(truncatingIfNeeded: beacon.zone.flatMap(tree.place) ?? -1)
        }
        boundaries = DayBoundaries(
            catalog.campaigns.lazy.filter { $0.state == .running }.map(\.schedule))
    }

    /// The campaigns that apply at a beacon, in catalog order.
    func campaigns(beacon: Int32, in zone: String?) -> [Int32] {
        guard catalog.beacons.indices.contains(Int(beacon)) else { return [] }
        var found = Set(ownCampaigns[Int(beacon)])
        if let place = place(beacon: beacon, in: zone) {
            found.formUnion(bindings.campaignsByPlace[place..<tree.ends[place]])
            var outer = tree.parents[place]
            while outer >= 0 {
                found.formUnion(bindings.campaignsByPlace[outer])
                outer = tree.parents[outer]
            }
        }
        return found.sorted()
    }

    /// The place of a beacon: its own zone's, or for a worn one that of the zone given.
    func place(beacon: Int32, in zone: String?) -> Int? {
        let own = Int(beaconPlaces[Int(beacon)])
        if own >= 0 { return own }
        guard catalog.beacons[Int(beacon)].holder != nil else { return nil }
        return zone.flatMap(tree.place)
    }
}
