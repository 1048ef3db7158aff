import BeaconScanner
import Campaigns
import Testing

/// A beacon id made of a number.
func beacon(_ number: Int) -> BeaconID {
    BeaconID(
        format: .iBeacon, length: 20, high: 1, middle: 2, low: UInt32(truncatingIfNeeded: number))
}

/// A running campaign.
func campaign(
    _ id: String, zones: [String] = [], beacons: [BeaconID] = [], farthest: Proximity = .unknown,
    priority: Int32 = 0, stock: Int? = nil, perUser: Int? = nil, _ rule: Schedule = Schedule(),
    state: Campaign.State = .running
) -> Campaign {
    Campaign(
        id: id, merchant: "m", kind: "coupon", page: .init(title: id),
        place: .init(zones: zones, beacons: beacons), farthest: farthest, priority: priority,
        stock: stock, perUser: perUser, schedule: rule, state: state)
}

@Suite("A zone passes its campaigns down and gathers up those inside it")
struct ZoneUnionTests {
    static let catalog = Catalog(
        zones: [
            Zone(id: "tea-counter", parent: "f1"), Zone(id: "mall"), Zone(id: "f1", parent: "mall"),
            Zone(id: "f2", parent: "mall"), Zone(id: "other-mall"),
        ],
        beacons: ["mall", "f1", "tea-counter", "f2", "other-mall"].enumerated().map {
            ConfiguredBeacon(id: beacon($0.offset), placement: .zone($0.element))
        } + [ConfiguredBeacon(id: beacon(5), placement: .worn(holder: "promoter"))],
        campaigns: [
            campaign("of-mall", zones: ["mall"]), campaign("of-f1", zones: ["f1"]),
            campaign("of-tea", zones: ["tea-counter"]), campaign("of-f2", zones: ["f2"]),
            campaign("of-both-floors", zones: ["f2", "f1", "f1"]),
            campaign("of-mall-and-tea", zones: ["tea-counter", "mall"]),
            campaign("of-badge", zones: ["f2"], beacons: [beacon(5)]),
            campaign("of-beacon", beacons: [beacon(3)]),
        ])

    static let expected: [(Int32, String?, [String])] = [
        (
            0, nil,
            [
                "of-mall", "of-f1", "of-tea", "of-f2", "of-both-floors", "of-mall-and-tea",
                "of-badge",
            ]
        ),
        (1, nil, ["of-mall", "of-f1", "of-tea", "of-both-floors", "of-mall-and-tea"]),
        (2, nil, ["of-mall", "of-f1", "of-tea", "of-both-floors", "of-mall-and-tea"]),
        (
            3, nil,
            ["of-mall", "of-f2", "of-both-floors", "of-mall-and-tea", "of-badge", "of-beacon"]
        ),
        (4, nil, []),
        (5, nil, ["of-badge"]),
        (5, "f1", ["of-mall", "of-f1", "of-tea", "of-both-floors", "of-mall-and-tea", "of-badge"]),
        (5, "f2", ["of-mall", "of-f2", "of-both-floors", "of-mall-and-tea", "of-badge"]),
        (5, "nowhere", ["of-badge"]),
        (4, "f1", []),
        (-1, nil, []), (6, nil, []),
    ]

    @Test("each beacon's campaigns, and their number", arguments: expected)
    func campaigns(beacon: Int32, zone: String?, ids: [String]) {
        var index = CampaignIndex(Self.catalog)
        let numbers = index.campaigns(beacon: beacon, in: zone)
        #expect(numbers.map { Self.catalog.campaigns[Int($0)].id } == ids)
        #expect(index.matches(beacon: beacon, proximity: .near) == 0)
        let isChanged = index.refresh(at: wall("2026-11-22 12:00"))
        #expect(isChanged && index.runningCount == Self.catalog.campaigns.count)
        let count =
            if let zone, beacon == 5 {
                index.matches(beacon: beacon, in: zone, proximity: .near)
            } else {
                index.matches(beacon: beacon, proximity: .near)
            }
        #expect(Int(count) == ids.count)
    }

    @Test("a circle of zones and an unknown parent serve less, and harm nothing")
    func broken() {
        let zones = [
            Zone(id: "a", parent: "b"), Zone(id: "b", parent: "a"), Zone(id: "c", parent: "c"),
            Zone(id: "d", parent: "none"), Zone(id: "a", parent: "d"),
        ]
        let beacons = ["a", "b", "c", "d", "e"].enumerated().map {
            ConfiguredBeacon(id: beacon($0.offset), placement: .zone($0.element))
        }
        let campaigns = zones.map { campaign($0.id, zones: [$0.id, "unknown"]) }
        var index = CampaignIndex(Catalog(zones: zones, beacons: beacons, campaigns: campaigns))
        index.refresh(at: wall("2026-11-22 12:00"))
        #expect(
            (0..<5).map { index.matches(beacon: $0, proximity: .near) } == [3, 3, 1, 1, 0])
    }
}

@Suite("The index counts what a plain search finds")
struct CampaignIndexTests {
    @Test("random malls, beacon by beacon and minute by minute")
    func againstNaive() {
        for seed in 0..<150 as Range<UInt64> {
            var random = SplitMix(seed)
            let catalog = randomCatalog(&random)
            var index = CampaignIndex(catalog)
            for _ in 0..<4 {
                let time = local(
                    utc("2026-11-01 00:00") + Int64(random.below(30 * 1440)) * 60, Clock.shanghai)
                let stock = random.one(in: 2) ? ["c1": 0, "c2": 5, "c3": 0] : [:]
                index.refresh(at: time, remainingStock: stock)
                for (number, beacon) in catalog.beacons.enumerated() {
                    let place = beacon.zone ?? catalog.zones[random.below(catalog.zones.count)].id
                    let applying = catalog.campaigns.filter {
                        naiveApplies($0, beacon.id, place, catalog)
                    }
                    let number = Int32(number)
                    let listed = index.campaigns(beacon: number, in: place)
                    #expect(
                        listed.map { catalog.campaigns[Int($0)].id } == applying.map(\.id),
                        "seed \(seed)")
                    for proximity in Proximity.allCases {
                        let running = applying.filter {
                            $0.obstacle(at: time, remainingStock: stock) == nil
                                && proximity <= $0.farthest
                        }
                        let count =
                            beacon.holder == nil
                            ? index.matches(beacon: number, proximity: proximity)
                            : index.matches(beacon: number, in: place, proximity: proximity)
                        #expect(Int(count) == running.count, "seed \(seed)")
                    }
                }
            }
        }
    }

    private func naiveApplies(
        _ campaign: Campaign, _ beacon: BeaconID, _ zone: String, _ catalog: Catalog
    ) -> Bool {
        func chain(_ zone: String) -> [String] {
            guard let parent = catalog.zones.first(where: { $0.id == zone })?.parent else {
                return [zone]
            }
            return [zone] + chain(parent)
        }
        return campaign.place.beacons.contains(beacon)
            || campaign.place.zones.contains {
                chain($0).contains(zone) || chain(zone).contains($0)
            }
    }

    private func randomCatalog(_ random: inout SplitMix) -> Catalog {
        var catalog = Catalog()
        for number in 0..<(1 + random.below(12)) {
            let parent = number > 0 && !random.one(in: 5) ? "z\(random.below(number))" : nil
            catalog.zones.append(Zone(id: "z\(number)", parent: parent))
        }
        catalog.zones.shuffle(using: &random)
        for number in 0..<random.below(10) {
            let zone = catalog.zones[random.below(catalog.zones.count)].id
            catalog.beacons.append(
                ConfiguredBeacon(
                    id: beacon(number),
                    placement: random.one(in: 4) ? .worn(holder: "h") : .zone(zone)))
        }
        for number in 0..<random.below(12) {
            let zones = (0..<random.below(5)).map { _ in "z\(random.below(14))" }
            let beacons = (0..<random.below(3)).map { _ in beacon(random.below(12)) }
            catalog.campaigns.append(
                campaign(
                    "c\(number)", zones: zones, beacons: beacons,
                    farthest: Proximity.allCases[random.below(4)],
                    stock: random.one(in: 2) ? random.below(3) : nil, randomSchedule(&random),
                    state: random.one(in: 4) ? .paused : .running))
        }
        return catalog
    }

    @Test("10,000 campaigns at 10,000 beacons in 10,000 zones fit, and the counts are right")
    func big() {
        let count = 10_000
        var zones = [Zone(id: "mall")]
        for number in 1..<count {
            // A deep and broad tree: each zone inside the one with a third of its number.
            let parent = number < 3 ? "mall" : "z\(number / 3)"
            zones.append(Zone(id: "z\(number)", parent: parent))
        }
        let beacons = (0..<count).map { number in
            ConfiguredBeacon(
                id: beacon(number), placement: .zone(number == 0 ? "mall" : "z\(number)"))
        }
        let campaigns = (0..<count).map { number in
            campaign(
                "c\(number)",
                zones: number % 2 == 0 ? ["mall"] : ["z\(number)", "z\(count - number)"],
                farthest: .near)
        }
        var index = CampaignIndex(Catalog(zones: zones, beacons: beacons, campaigns: campaigns))
        index.refresh(at: wall("2026-11-22 12:00"))
        #expect(index.matches(beacon: 0, proximity: .near) == 10_000)
        #expect(index.matches(beacon: 0, proximity: .far) == 0)
        let leaf = index.campaigns(beacon: 9_999)
        #expect(Int(index.matches(beacon: 9_999, proximity: .immediate)) == leaf.count)
        #expect(leaf.count > 5_000 && leaf.count < 5_040)
    }
}
