public import BeaconScanner

/// A catalog made ready for one question per advertising report: how many campaigns run here?
///
/// **Where a campaign is served.** A zone passes its campaigns down, and it gathers up those of
/// the zones inside it. With `mall` ⊃ `f1` ⊃ `tea-counter`, `mall` ⊃ `f2`, a beacon in each, and
/// one campaign bound to each zone:
///
/// | shake at the beacon of | yields the campaigns bound to |
/// |---|---|
/// | `tea-counter` | `tea-counter`, and of what is around it: `f1`, `mall` |
/// | `f1` | `f1`, of what is inside it: `tea-counter`, and around it: `mall` |
/// | `f2` | `f2`, `mall` |
/// | `mall` (the entrance) | all four |
///
/// So a campaign for the whole mall is served on every floor, and the spot at the entrance shows
/// what the whole mall offers; a neighbouring floor's campaigns are not shown. A campaign bound to
/// a beacon is served at that beacon only. A worn beacon has the zone its holder is in.
///
/// **What it costs.** Memory and building time grow with the catalog, not with campaigns times
/// beacons: the campaigns of a zone are kept once, with the zone, and a refresh adds up numbers
/// along the tree. A question is one look into an array and allocates nothing.
public struct CampaignIndex: Sendable {
    let plan: CampaignPlan

    /// Which campaigns run, and how many of them at each place and beacon; see `refresh`.
    private var isRunning: [Bool]
    private var placeCounts: [Int32]
    @usableFromInline var beaconCounts: [Int32]

    /// Makes an index in which nothing runs until the first `refresh`.
    public init(_ catalog: Catalog) {
        plan = CampaignPlan(catalog)
        isRunning = [Bool](repeating: false, count: catalog.campaigns.count)
        placeCounts = [Int32](repeating: 0, count: plan.tree.count * Tally.width)
        beaconCounts = [Int32](repeating: 0, count: catalog.beacons.count * Tally.width)
    }

    /// The catalog it was made from.
    public var catalog: Catalog { plan.catalog }

    /// The number of a configured beacon: its place in the catalog; nil when it is not there.
    public func number(of beacon: BeaconID) -> Int32? { plan.beaconNumbers[beacon] }

    /// Whether a campaign runs, as of the last refresh.
    public func isRunning(campaign: Int32) -> Bool {
        isRunning.indices.contains(Int(campaign)) && isRunning[Int(campaign)]
    }

    /// How many campaigns run anywhere, as of the last refresh.
    public var runningCount: Int { isRunning.reduce(0) { $1 ? $0 + 1 : $0 } }

    /// Looks which campaigns run now and counts them everywhere.
    ///
    /// To be called at the start, when stock runs out or comes back, and at each `nextChange`.
    ///
    /// - Parameters:
    ///   - time: the wall clock.
    ///   - remainingStock: what is left, by campaign id; one that is missing has all it began with.
    /// - Returns: whether the set of running campaigns is another one than before.
    @discardableResult
    public mutating func refresh(at time: LocalTime, remainingStock: [String: Int] = [:]) -> Bool {
        var isChanged = false
        for (number, campaign) in catalog.campaigns.enumerated() {
            let runs = campaign.obstacle(at: time, remainingStock: remainingStock) == nil
            if runs != isRunning[number] {
                isRunning[number] = runs
                isChanged = true
            }
        }
        if isChanged { count() }
        return isChanged
    }

    /// The next moment at which the running set can be another one, as Unix seconds.
    ///
    /// It is never later than the next midnight by the wall clock, or the moment at which the
    /// clocks are set; a refresh then may find nothing changed.
    public func nextChange(after moment: Int64, offset: LocalTime.OffsetRule) -> Int64 {
        plan.boundaries.next(after: moment, offset: offset)
    }

    /// How many campaigns run for a user at this proximity of a configured beacon.
    ///
    /// For a worn beacon this counts the campaigns bound to itself; see `matches(beacon:in:…)`.
    @inlinable
    public func matches(beacon: Int32, proximity: Proximity) -> Int32 {
        // Inlined, so that a caller who keeps the index in a class touches only this array.
        let index = Int(beacon) * Tally.width + Int(proximity.rawValue)
        return beaconCounts.indices.contains(index) ? beaconCounts[index] : 0
    }

    /// How many campaigns run for a user at this proximity of a worn beacon that is in a zone now.
    public func matches(beacon: Int32, in zone: String, proximity: Proximity) -> Int32 {
        guard catalog.beacons.indices.contains(Int(beacon)),
            let place = plan.tree.place(of: zone)
        else { return matches(beacon: beacon, proximity: proximity) }
        var count = placeCounts[place * Tally.width + Int(proximity.rawValue)]
        for campaign in plan.ownCampaigns[Int(beacon)]
        where counts(campaign, at: proximity)
            && !plan.bindings.serves(Int(campaign), at: place, plan.tree)
        {
            count += 1
        }
        return count
    }

    /// The campaigns that apply at a beacon, running or not, in catalog order.
    ///
    /// - Parameters:
    ///   - beacon: its number.
    ///   - zone: where a worn beacon is now; for a fixed one its own zone counts.
    /// - Returns: the numbers of the campaigns; none for a beacon that is not there.
    public func campaigns(beacon: Int32, in zone: String? = nil) -> [Int32] {
        plan.campaigns(beacon: beacon, in: zone)
    }

    private func counts(_ campaign: Int32, at proximity: Proximity) -> Bool {
        isRunning[Int(campaign)] && proximity <= catalog.campaigns[Int(campaign)].farthest
    }

    /// Adds up the running campaigns; linear in zones, beacons and bindings.
    private mutating func count() {
        let plan = plan
        var tally = Tally(plan.tree)
        for (number, campaign) in catalog.campaigns.enumerated() where isRunning[number] {
            tally.add(
                campaign.farthest, plan.bindings.places(of: number),
                plan.bindings.meetings(of: number))
        }
        placeCounts = tally.totals()
        for beacon in catalog.beacons.indices {
            let place = Int(plan.beaconPlaces[beacon])
            for proximity in 0..<Tally.width {
                beaconCounts[beacon * Tally.width + proximity] =
                    place < 0 ? 0 : placeCounts[place * Tally.width + proximity]
            }
            for campaign in plan.ownCampaigns[beacon] where isRunning[Int(campaign)] {
                if place >= 0, plan.bindings.serves(Int(campaign), at: place, plan.tree) {
                    continue
                }
                let farthest = Int(catalog.campaigns[Int(campaign)].farthest.rawValue)
                for proximity in 0...farthest {
                    beaconCounts[beacon * Tally.width + proximity] += 1
                }
            }
        }
    }
}
