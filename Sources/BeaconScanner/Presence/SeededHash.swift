/// A keyed hash of identifiers and addresses.
///
/// Two folded 64 × 64 → 128 bit multiplications with keys from the seed, the construction of
/// wyhash. It is no pseudo-random function as SipHash is, and need not be: an attacker who found
/// collisions would evict unknown beacons from one bucket, and nothing else.
struct SeededHash: Sendable {
    private let keys: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        // SplitMix64 spreads the seed over the keys (Steele, Lea and Flood, 2014, figure 19).
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
            return word ^ word >> 31
        }
        keys = (next(), next(), next(), next())
    }

    @inline(__always)
    func callAsFunction(_ id: BeaconID) -> UInt64 {
        let tail = UInt64(id.low) << 16 | UInt64(id.format.rawValue) << 8 | UInt64(id.length)
        let first = Self.fold(id.high ^ keys.0, id.middle ^ keys.1)
        return Self.fold(first ^ keys.2, tail ^ keys.3)
    }

    @inline(__always)
    func callAsFunction(_ address: AddressKey) -> UInt64 {
        Self.fold(address.word ^ keys.0, keys.1)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
