import BeaconScanner

/// What changes when one catalog takes another one's place.
public struct CatalogDifference: Hashable, Sendable {
    /// The changes of one kind of thing, by the things' ids.
    public struct Part: Hashable, Sendable {
        /// Those that only the new catalog has, in its order.
        public var added: [String] = []
        /// Those that only the old one has, in its order.
        public var removed: [String] = []
        /// Those that both have and that are not equal, in the new one's order.
        public var changed: [String] = []

        /// Whether nothing changes.
        public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

        init<Thing: Hashable>(_ old: [Thing], _ new: [Thing], id: (Thing) -> String) {
            let before = Dictionary(
                old.map { (id($0), $0) }, uniquingKeysWith: { first, _ in first })
            let after = Set(new.map(id))
            for thing in new {
                let name = id(thing)
                guard let former = before[name] else {
                    added.append(name)
                    continue
                }
                if former != thing { changed.append(name) }
            }
            removed = old.map(id).filter { !after.contains($0) }
        }
    }

    /// The zones.
    public let zones: Part
    /// The beacons.
    public let beacons: Part
    /// The merchants.
    public let merchants: Part
    /// The campaigns.
    public let campaigns: Part

    /// Compares two catalogs; the order of their entries makes no difference.
    public init(from old: Catalog, to new: Catalog) {
        zones = Part(old.zones, new.zones) { $0.id }
        beacons = Part(old.beacons, new.beacons) { $0.id.description }
        merchants = Part(old.merchants, new.merchants) { $0.id }
        campaigns = Part(old.campaigns, new.campaigns) { $0.id }
    }

    /// Whether nothing changes.
    public var isEmpty: Bool {
        zones.isEmpty && beacons.isEmpty && merchants.isEmpty && campaigns.isEmpty
    }
}
