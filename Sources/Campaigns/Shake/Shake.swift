public import BeaconScanner

/// A question: what does a shake at this spot yield, now and for this user?
public struct Shake: Hashable, Sendable {
    /// One beacon the user's phone heard.
    public struct Heard: Hashable, Sendable {
        /// What it said it is.
        public var beacon: BeaconID
        /// How near it was; nil when that is not part of the question, and no campaign's demand
        /// on it is asked. `unknown` is different: heard, but too badly for any demand.
        public var proximity: Proximity?
        /// Where a worn beacon is now; of no effect for a fixed one.
        public var zone: String?

        /// Makes an entry.
        public init(_ beacon: BeaconID, proximity: Proximity? = nil, zone: String? = nil) {
            self.beacon = beacon
            self.proximity = proximity
            self.zone = zone
        }
    }

    /// The beacons heard; their order does not matter.
    public var spot: [Heard]
    /// The wall clock.
    public var time: LocalTime
    /// What is left, by campaign id; a campaign that is missing has all it began with.
    public var remainingStock: [String: Int]
    /// How many this user has had, by campaign id; nil when nobody says who shakes, and then no
    /// user limit applies.
    public var userCounts: [String: Int]?

    /// Makes a question.
    public init(
        spot: [Heard], time: LocalTime, remainingStock: [String: Int] = [:],
        userCounts: [String: Int]? = nil
    ) {
        self.spot = spot
        self.time = time
        self.remainingStock = remainingStock
        self.userCounts = userCounts
    }
}

/// Why a campaign belongs to a spot.
public struct Match: Hashable, Sendable {
    /// How a campaign's place and a beacon's zone lie to each other, the most particular first.
    public enum Reach: UInt8, Hashable, Sendable, Comparable {
        /// The campaign is bound to the beacon itself.
        case beacon = 0
        /// To the beacon's zone.
        case zone = 1
        /// To a zone inside the beacon's: a shop of the floor.
        case inside = 2
        /// To a zone around the beacon's: the mall.
        case around = 3

        /// Orders the most particular first.
        public static func < (left: Reach, right: Reach) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// The beacon that brought it.
    public var beacon: BeaconID
    /// How near the beacon was; nil when the question left it out.
    public var proximity: Proximity?
    /// How the campaign's place and the beacon's zone lie to each other.
    public var reach: Reach
    /// The campaign's zone that decides; nil when it is bound to the beacon.
    public var zone: String?

    /// Makes a match.
    public init(beacon: BeaconID, proximity: Proximity?, reach: Reach, zone: String?) {
        self.beacon = beacon
        self.proximity = proximity
        self.reach = reach
        self.zone = zone
    }
}

/// What a shake yields.
public struct ShakeAnswer: Hashable, Sendable {
    /// A campaign that is served.
    public struct Served: Hashable, Sendable {
        /// The campaign, with its page and merchant.
        public var campaign: Campaign
        /// Why.
        public var match: Match
    }

    /// A campaign of this spot that is not served.
    public struct Refused: Hashable, Sendable {
        /// The campaign.
        public var campaign: Campaign
        /// Why not.
        public var obstacle: Obstacle
    }

    /// What is served, in the order in which it is shown.
    public var served: [Served]
    /// What belongs to the spot and is not served, in catalog order.
    public var refused: [Refused]
    /// Beacons of the spot that the catalog does not know.
    public var unknown: [BeaconID]
}
