/// The zones as a forest, numbered so that every zone and all inside it are one run of numbers.
///
/// A zone's `place` is its number in a walk that visits a zone before the zones inside it, in
/// catalog order; the places of all inside it follow its own, up to `end`. Whether one zone is
/// inside another is then two comparisons, and a whole subtree is a slice.
///
/// A parent that is not there counts as none, and a circle of parents is cut at its first zone;
/// the catalog's checks refuse both.
struct ZoneTree: Sendable {
    /// The place of each zone id.
    private let placeByID: [String: Int]
    /// The place of the zone around each place; -1 for none.
    let parents: [Int]
    /// One past the last place inside each place.
    let ends: [Int]
    /// The id of each place.
    let ids: [String]

    /// How many zones there are.
    var count: Int { ids.count }

    init(_ zones: [Zone]) {
        let numberByID = Dictionary(
            zones.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        var children = [[Int]](repeating: [], count: zones.count)
        var roots: [Int] = []
        for (number, zone) in zones.enumerated() where numberByID[zone.id] == number {
            if let parent = zone.parent.flatMap({ numberByID[$0] }) {
                children[parent].append(number)
            } else {
                roots.append(number)
            }
        }
        var walk = Walk(zones: zones, children: children)
        for root in roots { walk.visit(root) }
        // What no root leads to is a circle.
        for number in zones.indices where numberByID[zones[number].id] == number {
            walk.visit(number)
        }
        parents = walk.parents
        ends = walk.ends
        ids = walk.ids
        placeByID = Dictionary(
            walk.ids.enumerated().map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The place of a zone; nil when there is no such zone.
    func place(of id: String) -> Int? { placeByID[id] }

    /// Whether one place is another or lies inside it.
    func contains(_ outer: Int, _ inner: Int) -> Bool {
        outer <= inner && inner < ends[outer]
    }

    /// Whether one of two places is the other or lies inside it.
    func isOnOnePath(_ one: Int, _ other: Int) -> Bool {
        contains(one, other) || contains(other, one)
    }

    /// The smallest place around both; nil when they are in different trees.
    func common(_ one: Int, _ other: Int) -> Int? {
        var place = one
        while place >= 0, !contains(place, other) { place = parents[place] }
        return place >= 0 ? place : nil
    }

    /// The walk that numbers the zones; its own stack, because depth is not its to limit.
    private struct Walk {
        let zones: [Zone]
        let children: [[Int]]
        var isVisited: [Bool]
        var parents: [Int] = []
        var ends: [Int] = []
        var ids: [String] = []

        init(zones: [Zone], children: [[Int]]) {
            self.zones = zones
            self.children = children
            isVisited = [Bool](repeating: false, count: zones.count)
        }

        mutating func visit(_ root: Int) {
            guard !isVisited[root] else { return }
            var open: [(place: Int, zone: Int, next: Int)] = []
            enter(root, under: -1, &open)
            while let top = open.last {
                if top.next < children[top.zone].count {
                    open[open.count - 1].next += 1
                    let child = children[top.zone][top.next]
                    if !isVisited[child] { enter(child, under: top.place, &open) }
                } else {
                    ends[top.place] = ids.count
                    open.removeLast()
                }
            }
        }

        private mutating func enter(
            _ zone: Int, under parent: Int, _ open: inout [(place: Int, zone: Int, next: Int)]
        ) {
            isVisited[zone] = true
            open.append((ids.count, zone, 0))
            ids.append(zones[zone].id)
            parents.append(parent)
            ends.append(0)
        }
    }
}
