/// Joins extended advertisements that a controller reports in several pieces.
///
/// Fixed memory, allocated once: 32 places of 1,650 bytes. An advertisement in pieces holds a
/// place from its first fragment until it is delivered, or `patience` after the last fragment;
/// when all are taken the one that waited longest gives way. So neither a radio that loses final
/// fragments nor a sender that never sends them can make it grow.
///
/// HCI marks a fragment with "more to come" or "last" but not with "first": a fragment belongs to
/// the pending advertisement of the same key or begins a new one.
struct Reassembly: Sendable {
    /// Controllers reassemble a handful of sets at a time; 32 is an airful.
    static let places = 32
    /// An auxiliary chain ends within milliseconds; what is 2 s old will not be continued.
    static let patience: Int64 = 2_000_000_000

    /// Which advertisement a fragment belongs to.
    ///
    /// An anonymous advertiser is known by its set only, and two sets are never joined.
    struct Key: Equatable, Sendable {
        /// The address in the lower 48 bits, the adapter above.
        var who: UInt64
        /// Address kind, set identifier and the scan-response bit.
        var what: UInt32

        init(_ header: Advertisement, adapter: UInt16) {
            let anonymous = header.address.kind == .anonymous
            who = (anonymous ? 0 : header.address.bits) | UInt64(adapter) &<< 48
            what =
                UInt32(header.address.kind.rawValue) | UInt32(header.setID ?? 0xff) &<< 8
                | (header.properties.contains(.scanResponse) ? 1 << 16 : 0)
        }
    }

    private struct Place: Sendable {
        var key: Key
        var time: BootTime
        var count: Int
        /// Longer than an advertisement can be: swallows the rest of it, delivers nothing.
        var isOverfull: Bool
    }

    /// What became of an advertisement's last fragment.
    enum Ending {
        /// Nothing was pending: the fragment is the whole advertisement.
        case whole
        /// The advertisement lies in this range of `storage`.
        case joined(Range<Int>)
        /// It had become too long.
        case dropped
    }

    /// The places' bytes; a range that `finish` returned is valid until the next call.
    private(set) var storage = [UInt8](repeating: 0, count: places * Advertisement.longestData)
    private var taken = [Place?](repeating: nil, count: places)
    /// How many places are taken.
    private(set) var pending = 0

    /// Keeps a fragment that will be continued.
    mutating func hold(
        _ fragment: Span<UInt8>, of key: Key, at time: BootTime, _ rejected: inout RejectCounts
    ) {
        let index = find(key, at: time, &rejected) ?? claim(key, at: time, &rejected)
        append(fragment, to: index, at: time, &rejected)
    }

    /// Adds an advertisement's last fragment and gives its place back.
    mutating func finish(
        _ fragment: Span<UInt8>, of key: Key, at time: BootTime, _ rejected: inout RejectCounts
    ) -> Ending {
        guard pending > 0, let index = find(key, at: time, &rejected) else { return .whole }
        append(fragment, to: index, at: time, &rejected)
        defer { release(index) }
        guard let place = taken[index], !place.isOverfull else { return .dropped }
        let start = index &* Advertisement.longestData
        return .joined(start..<(start &+ place.count))
    }

    /// The key's place; gives back the places that have waited too long on the way.
    private mutating func find(
        _ key: Key, at time: BootTime, _ rejected: inout RejectCounts
    ) -> Int? {
        var found: Int?
        for index in 0..<Self.places {
            guard let place = taken[index] else { continue }
            // A capture may also jump back in time: what is far ahead is as stale.
            if time.nanoseconds(since: place.time).magnitude > UInt64(Self.patience) {
                rejected.count(.chainTimedOut)
                release(index)
            } else if place.key == key {
                found = index
            }
        }
        return found
    }

    /// A free place, or that of the advertisement whose last fragment is the oldest.
    private mutating func claim(
        _ key: Key, at time: BootTime, _ rejected: inout RejectCounts
    ) -> Int {
        var choice = 0
        var longestWait = Int64.min
        for index in 0..<Self.places {
            guard let place = taken[index] else {
                choice = index
                break
            }
            let wait = time.nanoseconds(since: place.time)
            if wait > longestWait {
                longestWait = wait
                choice = index
            }
        }
        if taken[choice] != nil {
            rejected.count(.chainEvicted)
            release(choice)
        }
        taken[choice] = Place(key: key, time: time, count: 0, isOverfull: false)
        pending &+= 1
        return choice
    }

    private mutating func append(
        _ fragment: Span<UInt8>, to index: Int, at time: BootTime, _ rejected: inout RejectCounts
    ) {
        guard var place = taken[index] else { return }
        place.time = time
        let end = place.count &+ fragment.count
        if !place.isOverfull, end > Advertisement.longestData {
            place.isOverfull = true
            rejected.count(.chainTooLong)
        }
        if !place.isOverfull {
            let start = index &* Advertisement.longestData &+ place.count
            for offset in fragment.indices { storage[start &+ offset] = fragment[offset] }
            place.count = end
        }
        taken[index] = place
    }

    private mutating func release(_ index: Int) {
        taken[index] = nil
        pending &-= 1
    }
}
