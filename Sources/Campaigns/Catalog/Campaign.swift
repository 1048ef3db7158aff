public import BeaconScanner

/// Something a merchant offers at a place for a time.
public struct Campaign: Hashable, Sendable {
    /// How far along a campaign is; only a running one is served.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Being written.
        case draft
        /// Waiting for approval.
        case pending
        /// Served, wherever and whenever its rules allow.
        case running
        /// Taken out for a while.
        case paused
        /// Over.
        case ended
    }

    /// What the user gets to see.
    public struct Page: Hashable, Sendable {
        /// The headline; never empty.
        public var title: String
        /// More words.
        public var description: String?
        /// What opens when it is chosen.
        public var url: String?
        /// A picture.
        public var icon: String?

        /// Makes a page.
        public init(
            title: String, description: String? = nil, url: String? = nil, icon: String? = nil
        ) {
            self.title = title
            self.description = description
            self.url = url
            self.icon = icon
        }
    }

    /// Where a campaign is served: at any of these zones and beacons.
    public struct Place: Hashable, Sendable {
        /// Zones; how they reach up and down the building is told at `CampaignIndex`.
        public var zones: [String]
        /// Single beacons, fixed or worn.
        public var beacons: [BeaconID]

        /// Makes a place.
        public init(zones: [String] = [], beacons: [BeaconID] = []) {
            self.zones = zones
            self.beacons = beacons
        }
    }

    /// Its name in catalogs, events and commands.
    public var id: String
    /// Who offers it.
    public var merchant: String
    /// What it is, in the operator's words: `coupon`, `page`, `lottery`.
    public var kind: String
    /// What the user gets to see.
    public var page: Page
    /// Where it is served.
    public var place: Place
    /// The farthest a user may be; `unknown` asks for nothing, not even a usable signal strength.
    public var farthest: Proximity
    /// Higher comes first; 0 unless the catalog says otherwise.
    public var priority: Int32
    /// How many there are to give; nil for no end.
    public var stock: Int?
    /// How many one user may have; nil for no limit.
    public var perUser: Int?
    /// When it is served.
    public var schedule: Schedule
    /// How far along it is.
    public var state: State

    /// Makes a campaign.
    public init(
        id: String, merchant: String, kind: String, page: Page, place: Place,
        farthest: Proximity = .unknown, priority: Int32 = 0, stock: Int? = nil,
        perUser: Int? = nil, schedule: Schedule = Schedule(), state: State
    ) {
        self.id = id
        self.merchant = merchant
        self.kind = kind
        self.page = page
        self.place = place
        self.farthest = farthest
        self.priority = priority
        self.stock = stock
        self.perUser = perUser
        self.schedule = schedule
        self.state = state
    }
}
