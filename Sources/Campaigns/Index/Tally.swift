import BeaconScanner

/// Counts distinct campaigns at every place at once, by sums up and down the tree.
@usableFromInline
struct Tally {
    /// Counts per place: one for each `Proximity`.
    @inlinable static var width: Int { 4 }

    private let tree: ZoneTree
    /// Campaigns bound to a place itself, by the farthest they reach.
    private var own: [Int32]
    /// `own`, with the corrections of `ZoneBindings`: its subtree sums count every campaign once.
    private var distinct: [Int32]

    init(_ tree: ZoneTree) {
        self.tree = tree
        own = [Int32](repeating: 0, count: tree.count * Tally.width)
        distinct = own
    }

    /// Counts one campaign.
    mutating func add(
        _ farthest: Proximity, _ places: ArraySlice<Int32>, _ meetings: ArraySlice<Int32>
    ) {
        let reach = Int(farthest.rawValue)
        for place in places {
            own[Int(place) * Tally.width + reach] += 1
            distinct[Int(place) * Tally.width + reach] += 1
        }
        for place in meetings { distinct[Int(place) * Tally.width + reach] -= 1 }
    }

    /// How many campaigns are served at each place at each proximity.
    func totals() -> [Int32] {
        // Inside: every subtree into its root. Places are in walking order, so children come last.
        var totals = distinct
        for place in (0..<tree.count).reversed() where tree.parents[place] >= 0 {
            for reach in 0..<Tally.width {
                totals[tree.parents[place] * Tally.width + reach] +=
                    totals[place * Tally.width + reach]
            }
        }
        // Around: what is bound to the places above. No campaign is in both, see `ZoneBindings`.
        var above = [Int32](repeating: 0, count: totals.count)
        for place in 0..<tree.count where tree.parents[place] >= 0 {
            let parent = tree.parents[place]
            for reach in 0..<Tally.width {
                above[place * Tally.width + reach] =
                    above[parent * Tally.width + reach] + own[parent * Tally.width + reach]
            }
        }
        for place in 0..<tree.count {
            // One that reaches far also reaches near.
            var sum: Int32 = 0
            for reach in (0..<Tally.width).reversed() {
                let index = place * Tally.width + reach
                sum += totals[index] + above[index]
                totals[index] = sum
            }
        }
        return totals
    }
}
