/// What a shop or mall has set up: places, beacons, merchants and what they offer.
///
/// Plain values as the catalog file has them. `Configuration` reads and checks them; what is
/// built from a catalog that nobody checked is still safe, it only serves less.
public struct Catalog: Hashable, Sendable {
    /// How many campaigns a catalog may have.
    public static let maximumCampaigns = 10_000
    /// How many beacons a catalog may have.
    public static let maximumBeacons = 10_000
    /// How many zones a catalog may have.
    public static let maximumZones = 10_000
    /// How many merchants a catalog may have.
    public static let maximumMerchants = 10_000
    /// How many zones may be inside one another; malls need five or six.
    public static let maximumZoneDepth = 32

    /// The places, in the order of the file.
    public var zones: [Zone]
    /// The beacons, in the order of the file; their places here are their numbers.
    public var beacons: [ConfiguredBeacon]
    /// The merchants, in the order of the file.
    public var merchants: [Merchant]
    /// The campaigns, in the order of the file; their places here are their numbers.
    public var campaigns: [Campaign]

    /// Makes a catalog.
    public init(
        zones: [Zone] = [], beacons: [ConfiguredBeacon] = [], merchants: [Merchant] = [],
        campaigns: [Campaign] = []
    ) {
        self.zones = zones
        self.beacons = beacons
        self.merchants = merchants
        self.campaigns = campaigns
    }
}

/// A place: a mall, a floor, a shop, a counter.
public struct Zone: Hashable, Sendable {
    /// Its name in catalogs, events and commands.
    public var id: String
    /// The zone it is part of.
    public var parent: String?
    /// What sort of place it is, in the operator's words: `mall`, `floor`, `payment`.
    public var kind: String?
    /// Its name for people.
    public var label: String?
    /// Whose place it is.
    public var merchant: String?

    /// Makes a zone.
    public init(
        id: String, parent: String? = nil, kind: String? = nil, label: String? = nil,
        merchant: String? = nil
    ) {
        self.id = id
        self.parent = parent
        self.kind = kind
        self.label = label
        self.merchant = merchant
    }
}

/// Who offers something.
public struct Merchant: Hashable, Sendable {
    /// Its name in catalogs, events and commands.
    public var id: String
    /// Its name for people.
    public var name: String?

    /// Makes a merchant.
    public init(id: String, name: String? = nil) {
        self.id = id
        self.name = name
    }
}
