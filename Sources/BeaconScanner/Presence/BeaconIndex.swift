/// Finds a configured beacon's index by its identifier.
///
/// Open addressing with linear probing, at most half full, built once for each configuration and
/// only read afterwards. Nothing from the air is ever inserted, so no sender can fill it, push a
/// beacon out or lengthen a probe; the seed keeps it from aiming at the longest one. The
/// identifiers themselves stay in the records, which a hit needs anyway; four bytes a place keep
/// the index of a mall in the first-level cache.
struct BeaconIndex: Sendable {
    /// The record's number in the low bits, as much of the hash as there is room for above them;
    /// all ones for a free place.
    private var places: [UInt32]
    private let mask: Int
    private let numberMask: UInt32
    private let hash: SeededHash

    private static let free = UInt32.max

    /// Makes an index of records. Of two with the same identifier the first counts.
    init(_ tracks: [BeaconTrack], hash: SeededHash) {
        var size = 16
        while size < 2 * tracks.count { size *= 2 }
        places = [UInt32](repeating: Self.free, count: size)
        mask = size - 1
        // The highest number is below half the size, so no entry is all ones.
        numberMask = UInt32(truncatingIfNeeded: size - 1)
        self.hash = hash
        for (number, track) in tracks.enumerated() where find(track.id, in: tracks) == nil {
            insert(number, hash: hash(track.id))
        }
    }

    private mutating func insert(_ number: Int, hash: UInt64) {
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] != Self.free { place = (place + 1) & mask }
        places[place] = tag(hash) | UInt32(truncatingIfNeeded: number)
    }

    /// The part of the hash that an entry keeps; other bits than those that chose the place.
    @inline(__always)
    private func tag(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash >> 32) & ~numberMask
    }

    /// The index of an identifier; −1 when it is not configured.
    @inline(__always)
    func find(_ id: BeaconID, hash: UInt64, in tracks: [BeaconTrack]) -> Int {
        var place = Int(truncatingIfNeeded: hash) & mask
        let tag = tag(hash)
        while true {
            let entry = places[place]
            if entry == Self.free { return -1 }
            if entry & ~numberMask == tag {
                let number = Int(truncatingIfNeeded: entry & numberMask)
                if tracks[number].id == id { return number }
            }
            place = (place + 1) & mask
        }
    }

    /// The index of an identifier; nil when it is not configured.
    func find(_ id: BeaconID, in tracks: [BeaconTrack]) -> Int? {
        let number = find(id, hash: hash(id), in: tracks)
        return number < 0 ? nil : number
    }
}
