import BeaconScanner
import Campaigns
import Testing

@Suite("What a new catalog changes is told by name")
struct CatalogDifferenceTests {
    private static func beacon(_ minor: Int, label: String? = nil) throws -> ConfiguredBeacon {
        let id = try #require(BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/\(minor)"))
        return ConfiguredBeacon(id: id, placement: .zone("a"), label: label)
    }

    @Test func addedRemovedAndChanged() throws {
        let old = Catalog(
            zones: [Zone(id: "a"), Zone(id: "b"), Zone(id: "c")],
            beacons: [try Self.beacon(1), try Self.beacon(2)], merchants: [Merchant(id: "m")])
        let new = Catalog(
            zones: [Zone(id: "c"), Zone(id: "d"), Zone(id: "a", parent: "c")],
            beacons: [try Self.beacon(2, label: "door"), try Self.beacon(1)],
            merchants: [Merchant(id: "m")])
        let difference = CatalogDifference(from: old, to: new)
        #expect(difference.zones.added == ["d"])
        #expect(difference.zones.removed == ["b"])
        #expect(difference.zones.changed == ["a"])
        #expect(difference.beacons.changed == ["FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2"])
        #expect(difference.beacons.added.isEmpty && difference.beacons.removed.isEmpty)
        #expect(difference.merchants.isEmpty && difference.campaigns.isEmpty)
        #expect(!difference.isEmpty)
    }

    @Test func orderIsNoChange() {
        let zones = [Zone(id: "a"), Zone(id: "b")]
        let difference = CatalogDifference(
            from: Catalog(zones: zones), to: Catalog(zones: zones.reversed()))
        #expect(difference.isEmpty)
    }
}
