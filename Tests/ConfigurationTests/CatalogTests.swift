import BeaconScanner
import Campaigns
import Configuration
import Testing

/// A catalog with one campaign, parts of which a test may change.
func catalogText(
    campaign: String = "", page: String = "{ title: 'Tea' }", place: String = "{ zones: ['f1'] }",
    beacons: String = "", zones: String = ""
) -> String {
    """
    { zones: [ { id: "mall", kind: "mall" }, { id: "f1", parent: "mall" } \(zones)],
      beacons: [ { id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7", zone: "f1" } \(beacons)],
      merchants: [ { id: "tea", name: "Tea" } ],
      campaigns: [
        { id: "c", merchant: "tea", kind: "coupon", page: \(page), where: \(place), state: "running"
          \(campaign) } ] }
    """
}

@Suite("A catalog file becomes the values the rules work with")
struct CatalogTests {
    @Test("everything at once")
    func everything() throws {
        let catalog = try catalog(
            """
            { zones: [ { id: "mall", kind: "mall", label: "商场" },
                       { id: "f1", parent: "mall", kind: "floor", label: "1F" },
                       { id: "茶", parent: "f1", kind: "payment", merchant: "tea" } ],
              beacons: [
                { id: "fda50693a4e24fb1afcfc6eb07647825/10001/7", zone: "f1", label: "Gate",
                  measuredPower: -59, x: 3.5, y: 12 },
                { id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/20000/3", holder: "promoter-17" },
                { id: "eddystone:00112233445566778899/aabbccddeeff", zone: "f1" },
                { id: "altbeacon:00112233445566778899aabbccddeeff00010002", zone: "f1" },
                { id: "eddystone-eid:door", zone: "mall",
                  eid: { keyFile: "door.key", rotation: 10, epoch: "2026-11-01T08:00:00+08:00" } } ],
              merchants: [ { id: "tea", name: "Tea House" }, { id: "m2" } ],
              campaigns: [
                { id: "tea-2for1", merchant: "tea", kind: "coupon",
                  page: { title: "2 for 1", description: "Tea", url: "https://tea.example/a?b=1#c",
                          icon: "http://tea.example/i.png" },
                  where: { zones: ["f1", "茶"],
                           beacons: ["FDA50693-A4E2-4FB1-AFCF-C6EB07647825/20000/3"] },
                  proximity: "near", priority: 10, stock: 500, perUser: 1,
                  when: { from: "2026-11-01", to: "2026-12-31", weekdays: [6, 7],
                          hours: ["10:00-22:00", "22:30-02:00"], onTheHour: { minutes: 10 } },
                  state: "running" },
                { id: "min", merchant: "m2", kind: "page", page: { title: "T" },
                  where: { zones: ["mall"] }, state: "draft", when: { onTheHour: true } } ] }
            """)
        #expect(
            catalog.zones == [
                Zone(id: "mall", kind: "mall", label: "商场"),
                Zone(id: "f1", parent: "mall", kind: "floor", label: "1F"),
                Zone(id: "茶", parent: "f1", kind: "payment", merchant: "tea"),
            ])
        let gate = try #require(BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7"))
        #expect(
            catalog.beacons[0]
                == ConfiguredBeacon(
                    id: gate, placement: .zone("f1"), label: "Gate", measuredPower: -59,
                    position: .init(x: 3.5, y: 12)))
        #expect(catalog.beacons[1].holder == "promoter-17")
        #expect(
            catalog.beacons[4].identity
                == .init(keyFile: "door.key", rotation: 10, epoch: 1_793_491_200))
        let campaign = catalog.campaigns[0]
        #expect(
            campaign
                == Campaign(
                    id: "tea-2for1", merchant: "tea", kind: "coupon",
                    page: .init(
                        title: "2 for 1", description: "Tea", url: "https://tea.example/a?b=1#c",
                        icon: "http://tea.example/i.png"),
                    place: .init(zones: ["f1", "茶"], beacons: [catalog.beacons[1].id]),
                    farthest: .near, priority: 10, stock: 500, perUser: 1,
                    schedule: Schedule(
                        from: CivilDate("2026-11-01"), to: CivilDate("2026-12-31"),
                        weekdays: Weekdays([6, 7]),
                        hours: ["10:00-22:00", "22:30-02:00"].compactMap { HourRange($0) },
                        minutesOnTheHour: 10), state: .running))
        #expect(catalog.campaigns[1].farthest == .unknown)
        #expect(catalog.campaigns[1].schedule.minutesOnTheHour == 5)
        #expect(try Catalog.empty() == Catalog())
    }

    private static let cases: [(String, String)] = [
        ("{ campains: [] }", "1:3: campains: unknown key, expected \"version\""),
        (catalogText(campaign: ", id2: 1"), "campaigns[0].id2: unknown key, expected \"id\""),
        (catalogText(campaign: ", proximty: 'near'"), "(did you mean \"proximity\"?)"),
        (
            catalogText(campaign: ", proximity: 'unknown'"),
            "campaigns[0].proximity: \"unknown\", expected \"immediate\", \"near\" or \"far\""
        ),
        (catalogText(campaign: ", priority: 1.5"), "campaigns[0].priority: 1.5, expected a whole"),
        (
            catalogText(campaign: ", stock: -1"),
            "campaigns[0].stock: -1, expected a whole number from 0"
        ),
        (
            catalogText(campaign: ", perUser: 0"),
            "campaigns[0].perUser: 0, expected a whole number from 1"
        ),
        (
            catalogText(campaign: ", stock: '5'"),
            "campaigns[0].stock: \"5\", expected a whole number"
        ),
        (
            catalogText(page: "{}"),
            "campaigns[0].page.title: missing, expected a title for the page"
        ),
        (catalogText(page: "{ title: ' ' }"), "campaigns[0].page.title: \" \", expected 1 to 1000"),
        (catalogText(page: "{ title: 'a\\nb' }"), "campaigns[0].page.title: \"a<U+A>b\", expected"),
        (
            catalogText(page: "{ title: 'T', url: 'https://a.example/优惠' }"),
            "campaigns[0].page.url: \"https://a.example/优惠\", expected a URL such as"
        ),
        (catalogText(page: "{ title: 'T', url: 'javascript:alert(1)' }"), "campaigns[0].page.url"),
        (catalogText(page: "{ title: 'T', icon: 'ftp://a/' }"), "campaigns[0].page.icon"),
        (catalogText(page: "'T'"), "campaigns[0].page: \"T\", expected an object with \"title\""),
        (catalogText(place: "{}"), "campaigns[0].where: an object, expected at least one zone or"),
        (
            catalogText(place: "{ zones: [] }"),
            "campaigns[0].where: an object, expected at least one"
        ),
        (
            catalogText(place: "{ zones: ['f1', 'f2'] }"),
            "campaigns[0].where.zones[1]: the unknown id \"f2\", expected the id of a zone that is"
                + " listed (did you mean \"f1\"?)"
        ),
        (
            catalogText(place: "{ beacons: ['FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/1'] }"),
            "where.beacons[0]: the unknown beacon FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/1, expected"
        ),
        (
            catalogText(campaign: ", when: { from: '2026-02-29' }"),
            "campaigns[0].when.from: \"2026-02-29\", expected a day such as"
        ),
        (
            catalogText(campaign: ", when: { from: '2026-12-02', to: '2026-12-01' }"),
            "campaigns[0].when.to: 2026-12-01, expected 2026-12-02 (the day in \"from\") or later"
        ),
        (
            catalogText(campaign: ", when: { weekdays: [0] }"),
            "campaigns[0].when.weekdays[0]: 0, expected a whole number from 1 to 7, Monday to Sunday"
        ),
        (
            catalogText(campaign: ", when: { weekdays: [] }"),
            "campaigns[0].when.weekdays: an empty list"
        ),
        (
            catalogText(campaign: ", when: { hours: '10:00-22:00' }"),
            "campaigns[0].when.hours: \"10:00-22:00\", expected a list of hours"
        ),
        (
            catalogText(campaign: ", when: { hours: ['10-22'] }"),
            "campaigns[0].when.hours[0]: \"10-22\", expected hours such as"
        ),
        (
            catalogText(campaign: ", when: { onTheHour: 5 }"),
            "expected true, false or { minutes: 10 }"
        ),
        (catalogText(campaign: ", when: { onTheHour: { minutes: 61 } }"), "onTheHour.minutes: 61"),
        (
            catalogText(zones: ", { id: 'f1' }"),
            "zones[2].id: \"f1\" a second time, expected another id (first at catalog.json5:1:42)"
        ),
        (catalogText(zones: ", { id: 'a b' }"), "zones[2].id: \"a b\", expected a name of 1 to 64"),
        (
            catalogText(zones: ", { id: 'x', parent: 'mal' }"),
            "zones[2].parent: the unknown id \"mal\""
        ),
        (catalogText(zones: ", { id: 'x', merchant: 'tee' }"), "(did you mean \"tea\"?)"),
        (
            catalogText(zones: ", { id: 'a', parent: 'b' }, { id: 'b', parent: 'a' }"),
            "zones[2].parent: a circle: \"a\" in \"b\" in \"a\", expected zones inside zones"
        ),
        (catalogText(zones: ", { id: 'a', parent: 'a' }"), "a circle: \"a\" in \"a\""),
        (beacon("id: 'x'"), "beacons[1].id: \"x\", expected UUID/MAJOR/MINOR"),
        (beacon("id: '\(uuid)/70000/1'"), "beacons[1].id: the major 70000 is over 65535"),
        (beacon("id: '\(uuid)/1/-1'"), "beacons[1].id: the minor \"-1\", expected a number from 0"),
        (
            beacon("id: 'FDA5/1/1'"),
            "beacons[1].id: the UUID \"FDA5\", expected 32 hexadecimal digits"
        ),
        (beacon("id: 'eddystone:00/00'"), "expected 20 hexadecimal digits of namespace"),
        (beacon("id: 'edystone:00/00'"), "(did you mean \"eddystone\"?)"),
        (beacon("id: 'altbeacon:00'"), "expected 40 hexadecimal digits or UUID/MAJOR/MINOR"),
        (
            beacon("id: 'eddystone-ephemeral:0011223344556677'"),
            "an id that changes every few minutes"
        ),
        (
            beacon("id: 'fda50693a4e24fb1afcfc6eb07647825/10001/7'"),
            "beacons[1].id: \"FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7\" a second time, expected"
                + " another id (first at catalog.json5:2:14)"
        ),
        (
            beacon("id: '\(uuid)/1/1', holder: 'p'"),
            "beacons[1]: both \"zone\" and \"holder\", expected"
        ),
        (
            catalogText(beacons: ", { id: '\(uuid)/1/1' }"),
            "beacons[1]: neither \"zone\" nor \"holder\", expected a \"zone\" for a fixed beacon or"
        ),
        (beacon("id: '\(uuid)/1/1', measuredPower: 59"), "beacons[1].measuredPower: 59, expected"),
        (
            beacon("id: '\(uuid)/1/1', x: 1"),
            "beacons[1].x: only one coordinate, expected \"x\" and"
        ),
        (
            beacon("id: '\(uuid)/1/1', x: 1e400, y: 0"),
            "beacons[1].x: 1e400, expected a number from"
        ),
        (beacon("id: 'eddystone-eid:a'"), "beacons[1].eid: missing, expected an object with"),
        (
            beacon("id: '\(uuid)/1/1', eid: { keyFile: 'k', rotation: 1, epoch: 0 }"),
            "beacons[1].eid: an identity for a beacon that keeps its id"
        ),
        (
            beacon("id: 'eddystone-eid:a', eid: { keyFile: 'k', rotation: 16, epoch: 0 }"),
            "beacons[1].eid.rotation: 16, expected a whole number from 0 to 15"
        ),
        (
            beacon("id: 'eddystone-eid:a', eid: { keyFile: 'k', rotation: 1, epoch: 'today' }"),
            "beacons[1].eid.epoch: \"today\", expected a moment such as"
        ),
        (beacon("id: '\(uuid)/1/1', zone: 'f3'"), "the key \"zone\" a second time"),
    ]

    private static let uuid = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"

    private static func beacon(_ members: String) -> String {
        catalogText(beacons: ", { zone: 'f1', \(members) }")
    }

    @Test("each problem alone, with its place and its mend", arguments: cases)
    func one(text: String, part: String) {
        let found = catalogProblems(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.contains { $0.contains(part) }, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("catalog.json5:") })
    }

    @Test("what is missing in a campaign is named, all at once")
    func missing() {
        let found = catalogProblems("{ campaigns: [ {} ] }")
        #expect(
            found.map { $0.split(separator: ":")[3] } == [
                " campaigns[0].id", " campaigns[0].merchant", " campaigns[0].kind",
                " campaigns[0].page", " campaigns[0].where", " campaigns[0].state",
            ])
    }

    @Test("a broken entry is not reported again by those that refer to it")
    func noEcho() {
        let found = catalogProblems(
            """
            { zones: [ { id: "z", kind: "BAD" } ], merchants: [ { id: "m", name: "" } ],
              beacons: [ { id: "\(Self.uuid)/1/1", zone: "z", x: "far" } ],
              campaigns: [ { id: "c", merchant: "m", kind: "k", page: { title: "T" }, state: "running",
                             where: { zones: ["z"], beacons: ["\(Self.uuid)/1/1"] } } ] }
            """)
        #expect(
            found.map { $0.split(separator: ":")[3] } == [
                " zones[0].kind", " merchants[0].name", " beacons[0].x", " beacons[0].x",
            ])
    }

    @Test("the largest catalog is read, one campaign or beacon more is refused")
    func limits() throws {
        let campaigns = (0...Catalog.maximumCampaigns).map {
            "{id:'c\($0)',merchant:'m',kind:'k',page:{title:'T'},where:{zones:['z']},state:'draft'}"
        }
        func text(_ count: Int) -> String {
            "{zones:[{id:'z'}],merchants:[{id:'m'}],campaigns:[\(campaigns[..<count].joined(separator: ","))]}"
        }
        #expect(try catalog(text(Catalog.maximumCampaigns)).campaigns.count == 10_000)
        #expect(
            catalogProblems(text(Catalog.maximumCampaigns + 1)) == [
                "catalog.json5:1:50: campaigns: 10001 campaigns, expected at most 10000"
            ])
    }

    @Test("zones may stand 32 deep and no deeper")
    func depth() throws {
        func text(_ count: Int) -> String {
            let zones = (0..<count).map { "{id:'z\($0)'\($0 > 0 ? ",parent:'z\($0 - 1)'" : "")}" }
            return "{zones:[\(zones.reversed().joined(separator: ","))]}"
        }
        _ = try catalog(text(Catalog.maximumZoneDepth))
        let found = catalogProblems(text(Catalog.maximumZoneDepth + 5))
        #expect(found.count == 1)
        #expect(found.first?.contains("zones[4].parent: more than 32 zones around") == true)
    }
}

extension Catalog {
    /// What an empty file holds.
    static func empty() throws(Problems) -> Catalog { try catalog("{}") }
}
