/// The device addresses that send one identifier.
///
/// A beacon has one address, or one at a time when it rotates private ones. Four are kept so that
/// a second device with the same identifier shows, and so that random addresses of a flood cannot
/// push the real one out: a newcomer takes a free or silent place, else one in 64 newcomers takes
/// the least heard place, and the place of an address heard three times is not for taking.
struct AddressTracks: Sendable {
    static let capacity = 4
    /// With four places, an address that is in survives until its second advert if it sends at
    /// least one in 4 · 64 of the identifier's adverts.
    private static let admission: UInt32 = 64

    struct Track: Sendable {
        var address: AddressKey
        /// First and last adverts of this attempt, observed time.
        var first: Int64
        var last: Int64
        /// Adverts of this attempt; 0 for a free place.
        var heard: UInt32
        /// Whether the address index counts this place.
        var isClaimed = false

        /// Counts an advert, but not twice if several radios heard it.
        @inline(__always)
        mutating func hear(at now: Int64, patience: Int64) {
            let gap = now &- last
            if gap > patience {
                first = now
                heard = 0
            } else if gap < IntervalEstimate.shortestGap {
                return
            }
            last = now
            if heard < .max { heard += 1 }
        }

        /// Whether the address has been heard often and long enough to be a beacon's.
        @inline(__always)
        var isEstablished: Bool {
            heard >= PresenceRules.advertsToEnter && last &- first >= PresenceRules.timeToEnter
        }
    }

    /// Adverts from addresses that had no place, or got a new one.
    private(set) var strays: UInt32 = 0
    private var others: InlineArray<3, Track>
    /// The place heard last; the last in memory, see `BeaconTrack`.
    private(set) var current: Track

    init() {
        let free = Track(
            address: AddressKey(DeviceAddress(bits: 0, kind: .public)), first: 0, last: 0,
            heard: 0)
        current = free
        others = InlineArray(repeating: free)
    }

    /// The places by number: 0 is the one heard last.
    private(set) subscript(place: Int) -> Track {
        get { place == 0 ? current : others[place - 1] }
        set {
            if place == 0 {
                current = newValue
            } else {
                others[place - 1] = newValue
            }
        }
    }

    /// What one report did to the places. The heard address is `current` afterwards, unless it was
    /// refused.
    enum Heard {
        /// The address has a place already.
        case known
        /// The address got a place; another may have lost it.
        case admitted(displaced: AddressKey?)
        /// No place for the address.
        case refused
    }

    /// Takes a report.
    ///
    /// - Parameters:
    ///   - address: who sent it.
    ///   - now: observed time.
    ///   - patience: an address silent for longer has been given up, and begins anew.
    /// - Returns: what became of the address.
    @inline(__always)
    mutating func hear(_ address: AddressKey, at now: Int64, patience: Int64) -> Heard {
        if current.address == address, current.heard > 0 {
            current.hear(at: now, patience: patience)
            return .known
        }
        return hearOther(address, at: now, patience: patience)
    }

    private mutating func hearOther(
        _ address: AddressKey, at now: Int64, patience: Int64
    ) -> Heard {
        for place in 1..<Self.capacity
        where self[place].heard > 0 && self[place].address == address {
            let former = current
            current = self[place]
            self[place] = former
            current.hear(at: now, patience: patience)
            return .known
        }
        strays &+= 1
        guard let place = placeForNewcomer(at: now, patience: patience) else { return .refused }
        let displaced = self[place].isClaimed ? self[place].address : nil
        if place != 0 { self[place] = current }
        current = Track(address: address, first: now, last: now, heard: 1)
        return .admitted(displaced: displaced)
    }

    private func placeForNewcomer(at now: Int64, patience: Int64) -> Int? {
        var least = 0
        for place in 0..<Self.capacity {
            let track = self[place]
            if track.heard == 0 || now &- track.last > patience { return place }
            if (track.heard, track.last) < (self[least].heard, self[least].last) { least = place }
        }
        let mayGo = self[least].heard < PresenceRules.advertsToEnter
        return mayGo && strays % Self.admission == 0 ? least : nil
    }

    /// Notes whether the address index counts a place.
    mutating func setClaimed(_ isClaimed: Bool, place: Int) {
        self[place].isClaimed = isClaimed
    }

    /// Whether an address has been heard often and long enough to be the beacon's.
    func isEstablished(_ address: AddressKey) -> Bool {
        (0..<Self.capacity).contains { self[$0].isEstablished && self[$0].address == address }
    }

    /// Whether two addresses were heard through each other for at least `overlap`, and both within
    /// `recent` of now.
    ///
    /// A rotating private address does not do that: its old one is silent from the moment the new
    /// one starts, so the two spans of time only touch.
    func hasConcurrent(at now: Int64, overlap: Int64, recent: Int64) -> Bool {
        for left in 0..<Self.capacity where isLive(left, at: now, recent: recent) {
            for right in (left + 1)..<Self.capacity where isLive(right, at: now, recent: recent) {
                let start = max(self[left].first, self[right].first)
                let end = min(self[left].last, self[right].last)
                if end &- start >= overlap { return true }
            }
        }
        return false
    }

    private func isLive(_ place: Int, at now: Int64, recent: Int64) -> Bool {
        self[place].isEstablished && now &- self[place].last <= recent
    }
}
