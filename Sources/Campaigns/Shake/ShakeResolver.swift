import BeaconScanner

/// Decides what a shake yields.
///
/// The order is: higher priority first; then the nearer beacon; then the more particular place
/// (the beacon itself, its zone, a zone inside, a zone around); then the campaign's id.
public struct ShakeResolver: Sendable {
    private let index: CampaignIndex

    /// Makes a resolver for a catalog; the index need not be fresh.
    public init(_ index: CampaignIndex) {
        self.index = index
    }

    /// What a shake yields: all campaigns of the spot, served in order or refused with the reason.
    public func resolve(_ shake: Shake) -> ShakeAnswer {
        var answer = ShakeAnswer(served: [], refused: [], unknown: [])
        var candidates: Set<Int32> = []
        for heard in shake.spot {
            if let beacon = index.number(of: heard.beacon) {
                candidates.formUnion(index.campaigns(beacon: beacon, in: heard.zone))
            } else {
                answer.unknown.append(heard.beacon)
            }
        }
        for number in candidates.sorted() {
            let campaign = index.catalog.campaigns[Int(number)]
            switch verdict(on: number, shake) {
            case .served(let match): answer.served.append(.init(campaign: campaign, match: match))
            case .refused(let obstacle):
                answer.refused.append(.init(campaign: campaign, obstacle: obstacle))
            }
        }
        answer.served.sort(by: ShakeResolver.comesBefore)
        return answer
    }

    /// What becomes of one campaign in a shake: the match that serves it, or the first obstacle.
    ///
    /// Obstacles are looked for from the lasting to the passing: place, state, dates and hours,
    /// distance, stock, user.
    public func verdict(on number: Int32, _ shake: Shake) -> Verdict {
        guard index.catalog.campaigns.indices.contains(Int(number)) else {
            return .refused(.elsewhere)
        }
        let campaign = index.catalog.campaigns[Int(number)]
        let matches = shake.spot.compactMap { match(number, campaign, $0) }
        guard let nearest = matches.min(by: ShakeResolver.isBetter) else {
            return .refused(.elsewhere)
        }
        let obstacle = campaign.obstacle(at: shake.time, remainingStock: shake.remainingStock)
        if let obstacle, obstacle != .outOfStock { return .refused(obstacle) }
        if let heard = nearest.proximity, heard > campaign.farthest {
            return .refused(.tooFar(heard: heard, farthest: campaign.farthest))
        }
        if let obstacle { return .refused(obstacle) }
        if let limit = campaign.perUser, let counts = shake.userCounts,
            counts[campaign.id] ?? 0 >= limit
        {
            return .refused(.userLimit(limit))
        }
        return .served(nearest)
    }

    /// How a campaign belongs to a beacon; nil when it does not.
    private func match(_ number: Int32, _ campaign: Campaign, _ heard: Shake.Heard) -> Match? {
        guard let beacon = index.number(of: heard.beacon) else { return nil }
        if campaign.place.beacons.contains(heard.beacon) {
            return Match(
                beacon: heard.beacon, proximity: heard.proximity, reach: .beacon, zone: nil)
        }
        guard let place = index.plan.place(beacon: beacon, in: heard.zone) else { return nil }
        let tree = index.plan.tree
        var best: (reach: Match.Reach, zone: Int)?
        // The zones as the catalog has them: one that the index leaves out because it lies inside
        // another one of the list may still be the more particular reason.
        for zone in campaign.place.zones.compactMap(tree.place) {
            let reach: Match.Reach
            if zone == place {
                reach = .zone
            } else if tree.contains(place, zone) {
                reach = .inside
            } else if tree.contains(zone, place) {
                reach = .around
            } else {
                continue
            }
            // Of two places around, the inner one is the reason: it comes later in the walk.
            if let best, (best.reach, -best.zone) <= (reach, -zone) { continue }
            best = (reach, zone)
        }
        return best.map {
            Match(
                beacon: heard.beacon, proximity: heard.proximity, reach: $0.reach,
                zone: tree.ids[$0.zone])
        }
    }

    /// Whether one match of a campaign says more than another.
    private static func isBetter(_ left: Match, _ right: Match) -> Bool {
        (left.rank, left.reach) < (right.rank, right.reach)
    }

    private static func comesBefore(
        _ left: ShakeAnswer.Served, _ right: ShakeAnswer.Served
    ) -> Bool {
        if left.campaign.priority != right.campaign.priority {
            return left.campaign.priority > right.campaign.priority
        }
        if left.match.rank != right.match.rank { return left.match.rank < right.match.rank }
        if left.match.reach != right.match.reach { return left.match.reach < right.match.reach }
        return left.campaign.id < right.campaign.id
    }
}

/// What becomes of one campaign in a shake.
public enum Verdict: Hashable, Sendable {
    /// It is served, for this reason.
    case served(Match)
    /// It is not, for this reason.
    case refused(Obstacle)
}

extension Match {
    /// Nearness as a number; a distance that was left out counts as nearest.
    fileprivate var rank: UInt8 { proximity?.rawValue ?? 0 }
}
