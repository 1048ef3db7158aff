import BeaconScanner
public import Campaigns
import JSON

/// A catalog while it is being put together from its sources, and before anybody relies on it.
///
/// The sources are the catalog file, what earlier imports left (the overlay), and the rows of an
/// import that is going on. Rows replace entries of the overlay with the same id; what the catalog
/// file defines, only the catalog file may change. Nothing counts until `finish` has checked all
/// of it together:
///
/// ```swift
/// var draft = CatalogDraft()
/// draft.addCatalog(try SourceFile(reading: "/etc/hubd/catalog.json5", …))
/// draft.addOverlay(overlay)
/// draft.addRows(csv)
/// let checked = try draft.finish()   // or every problem, each at its file and line
/// ```
public struct CatalogDraft: Sendable {
    var decoding = Decoding()
    var zones: [Entry<Zone>] = []
    var beacons: [Entry<ConfiguredBeacon>] = []
    var merchants: [Entry<Merchant>] = []
    var campaigns: [Entry<Campaign>] = []

    /// `version` of the catalog file, which grows with each change; nil without one.
    public private(set) var version: Int64?
    /// `hub` of the catalog file, the id of the hub that it is for; nil without one.
    public private(set) var hub: String?
    /// Whether there is a catalog file.
    public private(set) var hasCatalog = false

    /// Every id that was read, also of entries that are otherwise wrong, so that one mistake is
    /// not reported again at everything that refers to it.
    var zoneOrigins: [String: Origin] = [:]
    var beaconOrigins: [BeaconID: Origin] = [:]
    var merchantOrigins: [String: Origin] = [:]
    var campaignOrigins: [String: Origin] = [:]

    /// Makes an empty draft.
    public init() {}

    /// Adds the catalog file.
    public mutating func addCatalog(_ file: SourceFile) {
        hasCatalog = true
        let keys = ["version", "hub", "zones", "beacons", "merchants", "campaigns"]
        add(file, .catalog, keys: keys)
    }

    /// Adds what earlier imports left.
    public mutating func addOverlay(_ file: SourceFile) {
        add(file, .overlay, keys: ["zones", "beacons"])
    }

    private mutating func add(_ file: SourceFile, _ layer: Origin.Layer, keys: [String]) {
        guard let root = decoding.parse(file), decoding.isObject(root, keys: keys) else { return }
        if layer == .catalog {
            // Up to 2⁵³ − 1, which every JSON reader holds exactly (RFC 8259 §6).
            version = decoding.optional("version", of: root) {
                $0.whole($1, 1...9_007_199_254_740_991)
            }
            hub = decoding.optional("hub", of: root) { $0.identifier($1) }
        }
        section("merchants", of: root, limit: Catalog.maximumMerchants) { draft, node in
            draft.addMerchant(node, layer)
        }
        section("zones", of: root, limit: Catalog.maximumZones) { draft, node in
            draft.addZone(node, layer)
        }
        section("beacons", of: root, limit: Catalog.maximumBeacons) { draft, node in
            draft.addBeacon(node, layer)
        }
        section("campaigns", of: root, limit: Catalog.maximumCampaigns) { draft, node in
            draft.addCampaign(node, layer)
        }
    }

    private mutating func section(
        _ key: String, of root: JSONNode, limit: Int, _ add: (inout CatalogDraft, JSONNode) -> Void
    ) {
        var nodes: [JSONNode] = []
        _ = decoding.optional(key, of: root) { decoding, node in
            decoding.list(node, limit: limit, of: key) { _, node in nodes.append(node) }
        }
        for (index, node) in nodes.enumerated() {
            decoding.enter(.key(key), .index(index))
            add(&self, node)
            decoding.leave(2)
        }
    }

    /// Where the entry that is being read comes from.
    func origin(of node: JSONNode, _ layer: Origin.Layer) -> Origin {
        var section = ""
        var index = 0
        for element in decoding.path {
            switch element {
            case .key(let key): section = key
            case .index(let place): index = place
            }
        }
        return Origin(
            layer: layer, position: node.position, node: node, section: section, index: index)
    }

    /// Checks everything together.
    ///
    /// - Returns: the whole catalog, and the part of it that comes from imports.
    /// - Throws: every problem of every source.
    public consuming func finish() throws(Problems) -> CheckedCatalog {
        checkCounts()
        checkZones()
        checkReferences()
        try decoding.check()
        let imported = CatalogOverlay(
            zones: zones.filter { $0.origin.layer != .catalog }.map(\.value),
            beacons: beacons.filter { $0.origin.layer != .catalog }.map(\.value))
        return CheckedCatalog(
            catalog: Catalog(
                zones: zones.map(\.value), beacons: beacons.map(\.value),
                merchants: merchants.map(\.value), campaigns: campaigns.map(\.value)),
            imported: imported, version: version)
    }
}

/// A catalog that was checked as a whole.
public struct CheckedCatalog: Hashable, Sendable {
    /// Everything, as the daemon works with it.
    public let catalog: Catalog
    /// The part that comes from imports, to be kept for the next start.
    public let imported: CatalogOverlay
    /// `version` of the catalog file; nil without one.
    public let version: Int64?
}

extension Catalog {
    /// Reads and checks a catalog file, with what earlier imports left.
    ///
    /// - Throws: every problem.
    public init(_ file: SourceFile, overlay: SourceFile? = nil) throws(Problems) {
        var draft = CatalogDraft()
        draft.addCatalog(file)
        if let overlay { draft.addOverlay(overlay) }
        self = try draft.finish().catalog
    }
}
