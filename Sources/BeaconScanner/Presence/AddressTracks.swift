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
    }

    private(set) var slots: InlineArray<4, Track>
    /// The place heard last.
    private(set) var current = 0
    /// Adverts from addresses that had no place, or got a new one.
    private(set) var strays: UInt32 = 0

    init() {
        let free = Track(
            address: AddressKey(DeviceAddress(bits: 0, kind: .public)), first: 0, last: 0,
            heard: 0)
        slots = InlineArray(repeating: free)
    }

    /// What one report did to the places.
    enum Heard {
        /// The address has this place already.
        case known(Int)
        /// The address got this place; another may have lost it.
        case admitted(Int, displaced: AddressKey?)
        /// No place for the address.
        case refused
    }

    /// Takes a report.
    @inline(__always)
    mutating func hear(_ address: AddressKey, at now: Int64) -> Heard {
        if slots[current].heard > 0, slots[current].address == address {
            hearAgain(current, at: now)
            return .known(current)
        }
        return hearOther(address, at: now)
    }

    @inline(__always)
    private mutating func hearAgain(_ slot: Int, at now: Int64) {
        if now &- slots[slot].last > PresenceRules.attemptWindow {
            slots[slot].first = now
            slots[slot].heard = 0
        }
        slots[slot].last = now
        if slots[slot].heard < .max { slots[slot].heard += 1 }
    }

    private mutating func hearOther(_ address: AddressKey, at now: Int64) -> Heard {
        for slot in 0..<Self.capacity
        where slots[slot].heard > 0 && slots[slot].address == address {
            hearAgain(slot, at: now)
            current = slot
            return .known(slot)
        }
        strays &+= 1
        guard let slot = place(at: now) else { return .refused }
        let displaced = slots[slot].isClaimed ? slots[slot].address : nil
        slots[slot] = Track(address: address, first: now, last: now, heard: 1)
        current = slot
        return .admitted(slot, displaced: displaced)
    }

    /// A place for a newcomer.
    private func place(at now: Int64) -> Int? {
        var least = 0
        for slot in 0..<Self.capacity {
            let track = slots[slot]
            let isFree = track.heard == 0 || now &- track.last > PresenceRules.attemptWindow
            if isFree { return slot }
            let weakest = slots[least]
            if (track.heard, track.last) < (weakest.heard, weakest.last) { least = slot }
        }
        guard slots[least].heard < PresenceRules.advertsToEnter,
            strays % Self.admission == 0
        else { return nil }
        return least
    }

    /// Notes whether the address index counts a place.
    mutating func setClaimed(_ claimed: Bool, _ slot: Int) {
        slots[slot].isClaimed = claimed
    }

    /// The place of an address; nil when it has none.
    func slot(of address: AddressKey) -> Int? {
        (0..<Self.capacity).first { slots[$0].heard > 0 && slots[$0].address == address }
    }

    /// The address heard last; nil before the first advert.
    var currentAddress: AddressKey? { slots[current].heard > 0 ? slots[current].address : nil }

    /// Whether a place has been heard often and long enough to be a beacon.
    @inline(__always)
    func isEstablished(_ slot: Int) -> Bool {
        slots[slot].heard >= PresenceRules.advertsToEnter
            && slots[slot].last &- slots[slot].first >= PresenceRules.timeToEnter
    }

    /// Whether two addresses were heard through each other for at least `overlap`, and both within
    /// `recent` of now.
    ///
    /// A rotating private address does not do that: its old one is silent from the moment the new
    /// one starts, so the two spans of time only touch.
    func hasConcurrent(at now: Int64, overlap: Int64, recent: Int64) -> Bool {
        for left in 0..<Self.capacity where isLive(left, at: now, recent: recent) {
            for right in (left + 1)..<Self.capacity where isLive(right, at: now, recent: recent) {
                let start = max(slots[left].first, slots[right].first)
                let end = min(slots[left].last, slots[right].last)
                if end &- start >= overlap { return true }
            }
        }
        return false
    }

    private func isLive(_ slot: Int, at now: Int64, recent: Int64) -> Bool {
        isEstablished(slot) && now &- slots[slot].last <= recent
    }
}
