import BeaconScanner
import Campaigns
import Testing

@Suite("A shake shows what applies, in order, and says why the rest does not")
struct ShakeResolverTests {
    private let noon = wall("2026-11-22 12:30")

    private func resolver(_ campaigns: [Campaign]) -> ShakeResolver {
        var catalog = ZoneUnionTests.catalog
        catalog.campaigns = campaigns
        return ShakeResolver(CampaignIndex(catalog))
    }

    @Test("priority, then the nearer beacon, then the more particular place, then the id")
    func order() {
        let resolver = resolver([
            campaign("mall-wide", zones: ["mall"]), campaign("b-floor", zones: ["f1"]),
            campaign("a-floor", zones: ["f1"]), campaign("counter", zones: ["tea-counter"]),
            campaign("beacon", beacons: [beacon(1)]), campaign("upstairs", zones: ["f2"]),
            campaign("loud", zones: ["mall"], priority: 1),
            campaign("quiet", beacons: [beacon(1)], priority: -1),
        ])
        let answer = resolver.resolve(
            Shake(
                spot: [
                    .init(beacon(3), proximity: .far), .init(beacon(1), proximity: .near),
                    .init(beacon(99)),
                ], time: noon))
        #expect(
            answer.served.map(\.campaign.id) == [
                "loud", "beacon", "a-floor", "b-floor", "counter", "mall-wide", "upstairs", "quiet",
            ])
        #expect(
            answer.served.map(\.match.reach) == [
                .around, .beacon, .zone, .zone, .inside, .around, .zone, .beacon,
            ])
        #expect(answer.served.map(\.match.proximity).last == .near)
        #expect(answer.served[6].match.beacon == beacon(3) && answer.served[6].match.zone == "f2")
        #expect(answer.unknown == [beacon(99)] && answer.refused.isEmpty)
    }

    @Test("the order does not depend on the order of the spot or of the catalog")
    func stable() {
        var random = SplitMix(7)
        var campaigns = (0..<30).map { number in
            campaign(
                "c\(number)", zones: [["mall", "f1", "tea-counter", "f2"][random.below(4)]],
                farthest: Proximity.allCases[random.below(4)], priority: Int32(random.below(3)))
        }
        var spot: [Shake.Heard] = [
            .init(beacon(0), proximity: .far), .init(beacon(1), proximity: .near),
            .init(beacon(2), proximity: .unknown),
            .init(beacon(5), proximity: .immediate, zone: "f2"),
        ]
        let first = resolver(campaigns).resolve(Shake(spot: spot, time: noon)).served
        #expect(first.count > 10)
        for _ in 0..<20 {
            campaigns.shuffle(using: &random)
            spot.shuffle(using: &random)
            #expect(resolver(campaigns).resolve(Shake(spot: spot, time: noon)).served == first)
        }
    }

    @Test("each reason by its name, the lasting ones first")
    func reasons() throws {
        let cases: [(Campaign, String)] = [
            (campaign("c", zones: ["f2"], state: .paused), "not-in-zone"),
            (campaign("c", zones: ["f1"], state: .draft), "draft"),
            (campaign("c", zones: ["f1"], state: .pending), "pending"),
            (campaign("c", zones: ["f1"], schedule(from: "2027-01-01"), state: .paused), "paused"),
            (campaign("c", zones: ["f1"], state: .ended), "ended"),
            (campaign("c", zones: ["f1"], schedule(to: "2026-11-21")), "ended"),
            (campaign("c", zones: ["f1"], schedule(from: "2026-11-23")), "not-yet"),
            (campaign("c", zones: ["f1"], schedule(days: [1])), "not-today"),
            (campaign("c", zones: ["f1"], schedule(hours: ["09:00-12:30"])), "not-this-hour"),
            (campaign("c", zones: ["f1"], schedule(onTheHour: 30)), "not-on-the-hour"),
            (campaign("c", zones: ["f1"], farthest: .immediate, stock: 0), "too-far"),
            (campaign("c", zones: ["f1"], stock: 0, perUser: 1), "out-of-stock"),
            (campaign("c", zones: ["f1"], stock: 5, perUser: 1), "user-limit"),
        ]
        for (campaign, name) in cases {
            let shake = Shake(
                spot: [.init(beacon(1), proximity: .near)], time: noon, userCounts: ["c": 1])
            let resolver = resolver([campaign])
            guard case .refused(let obstacle) = resolver.verdict(on: 0, shake) else {
                Issue.record("\(name) was served")
                continue
            }
            #expect(obstacle.name == name)
            #expect(!obstacle.description.isEmpty)
            let refused = resolver.resolve(shake).refused.map(\.obstacle)
            #expect(refused == (name == "not-in-zone" ? [] : [obstacle]))
        }
        #expect(resolver([]).verdict(on: 0, Shake(spot: [], time: noon)) == .refused(.elsewhere))
    }

    @Test("a distance that was left out asks nothing; one that is unknown fails every demand")
    func distance() {
        let resolver = resolver([campaign("c", zones: ["f1"], farthest: .far)])
        func verdict(_ proximity: Proximity?) -> Verdict {
            resolver.verdict(
                on: 0, Shake(spot: [.init(beacon(1), proximity: proximity)], time: noon))
        }
        #expect(verdict(.unknown) == .refused(.tooFar(heard: .unknown, farthest: .far)))
        for proximity in [nil, .immediate, .near, .far] as [Proximity?] {
            #expect(
                verdict(proximity)
                    == .served(
                        Match(beacon: beacon(1), proximity: proximity, reach: .zone, zone: "f1")))
        }
    }

    @Test("stock that came back, a user who is not named, one who had fewer")
    func limits() {
        let resolver = resolver([campaign("c", zones: ["f1"], stock: 1, perUser: 2)])
        func isServed(_ stock: [String: Int], _ user: [String: Int]?) -> Bool {
            let shake = Shake(
                spot: [.init(beacon(1))], time: noon, remainingStock: stock, userCounts: user)
            return !resolver.resolve(shake).served.isEmpty
        }
        #expect(isServed([:], nil) && isServed(["c": 1], ["c": 1]) && isServed([:], ["d": 9]))
        #expect(!isServed(["c": 0], nil) && !isServed([:], ["c": 2]) && !isServed([:], ["c": 3]))
    }

    @Test("the innermost zone around is the reason, also when the list has an outer one too")
    func innermost() {
        let answer = resolver([campaign("c", zones: ["mall", "f1"])]).resolve(
            Shake(spot: [.init(beacon(2))], time: noon))
        #expect(answer.served.map(\.match.zone) == ["f1"])
        #expect(answer.served.map(\.match.reach) == [.around])
    }

    @Test("a campaign whose last day is past shows as ended")
    func ended() {
        let over = campaign("c", schedule(to: "2026-11-21", hours: ["22:00-02:00"]))
        #expect(over.state(at: wall("2026-11-22 01:59")) == .running)
        #expect(over.state(at: wall("2026-11-22 02:00")) == .ended)
        #expect(campaign("c", state: .paused).state(at: noon) == .paused)
    }
}
