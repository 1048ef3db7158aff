/// Lists of numbers, one list per row, in two arrays instead of many.
struct Rows: Sendable {
    private let starts: [Int32]
    private let values: [Int32]

    /// Makes the lists of so many rows; values keep their order within a row.
    init(count: Int, _ pairs: [(row: Int, value: Int32)]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for pair in pairs { starts[pair.row + 1] += 1 }
        for row in 0..<count { starts[row + 1] += starts[row] }
        var next = starts
        var values = [Int32](repeating: 0, count: pairs.count)
        for pair in pairs {
            values[Int(next[pair.row])] = pair.value
            next[pair.row] += 1
        }
        self.starts = starts
        self.values = values
    }

    /// The list of one row.
    subscript(row: Int) -> ArraySlice<Int32> {
        values[Int(starts[row])..<Int(starts[row + 1])]
    }

    /// The lists of some rows one after the other.
    subscript(rows: Range<Int>) -> ArraySlice<Int32> {
        values[Int(starts[rows.lowerBound])..<Int(starts[rows.upperBound])]
    }
}

/// Which zones a campaign is bound to, reduced to what decides.
///
/// A zone inside another one of the list adds nothing: every place the inner one serves, the
/// outer one serves too. Without them no two of the zones are on one path, so a place lies inside
/// at most one of them, and a campaign is never counted twice on the way up.
struct ZoneBindings: Sendable {
    /// The places of each campaign, in order, none inside another.
    private let placesByCampaign: Rows
    /// The campaigns of each place.
    let campaignsByPlace: Rows
    /// Where the neighbours of `placesByCampaign` meet: the places whose subtrees hold both.
    ///
    /// A campaign bound to three counters of one floor is one campaign of the floor, not three.
    /// Counting +1 at each of its places and -1 where each meets its next makes every subtree sum
    /// exactly 1 when it holds any of them: the places are in order, so those inside one subtree
    /// are neighbours, and n of them have n - 1 meeting points inside it.
    private let meetingsByCampaign: Rows

    init(_ campaigns: [Campaign], _ tree: ZoneTree) {
        var places: [(row: Int, value: Int32)] = []
        var meetings: [(row: Int, value: Int32)] = []
        for (number, campaign) in campaigns.enumerated() {
            var last: Int?
            for place in campaign.place.zones.compactMap(tree.place).sorted() {
                if let last {
                    if tree.contains(last, place) { continue }
                    if let meeting = tree.common(last, place) {
                        meetings.append((number, Int32(truncatingIfNeeded: meeting)))
                    }
                }
                places.append((number, Int32(truncatingIfNeeded: place)))
                last = place
            }
        }
        placesByCampaign = Rows(count: campaigns.count, places)
        meetingsByCampaign = Rows(count: campaigns.count, meetings)
        campaignsByPlace = Rows(
            count: tree.count,
            places.map { (Int($0.value), Int32(truncatingIfNeeded: $0.row)) })
    }

    /// The places of a campaign.
    func places(of campaign: Int) -> ArraySlice<Int32> { placesByCampaign[campaign] }

    /// Where neighbouring places of a campaign meet.
    func meetings(of campaign: Int) -> ArraySlice<Int32> { meetingsByCampaign[campaign] }

    /// Whether a campaign is served at a place.
    func serves(_ campaign: Int, at place: Int, _ tree: ZoneTree) -> Bool {
        places(of: campaign).contains { tree.isOnOnePath(Int($0), place) }
    }
}
