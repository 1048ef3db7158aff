/// Which configured beacons a device address sends.
///
/// Two questions need it: whose battery a telemetry frame tells of, as it names no beacon and
/// comes from the beacon's address; and whether one address sends more identifiers than a beacon
/// can. Each record counts its own addresses here when they get or lose a place, which is rare.
///
/// Fixed memory: buckets of eight, at least four entries for each beacon; with one address each,
/// the chance that one bucket gets more than eight is below 1 in 4,000. A flood of random addresses
/// that counterfeit configured identifiers can push entries out, and the audit of each record
/// puts its own back within sixteen ticks.
struct AddressIndex: ~Copyable, Sendable {
    /// How many beacons of one address get its telemetry.
    static let beaconsPerAddress = 4

    private struct Entry: Sendable {
        var address: AddressKey
        /// How many configured identifiers the address sends; 0 for a free entry.
        var claims: UInt32 = 0
        var beacons: InlineArray<4, Int32> = InlineArray(repeating: -1)

        func lists(_ beacon: Int32) -> Bool {
            (0..<AddressIndex.beaconsPerAddress).contains { beacons[$0] == beacon }
        }
    }

    private static let ways = 8
    private var entries: [Entry]
    private let mask: Int
    private let hash: SeededHash

    init(beacons: Int, hash: SeededHash) {
        var size = 256
        while size < 4 * beacons { size *= 2 }
        let free = Entry(address: AddressKey(DeviceAddress(bits: 0, kind: .public)))
        entries = [Entry](repeating: free, count: size)
        mask = size - 1
        self.hash = hash
    }

    /// Counts a beacon for an address.
    mutating func claim(_ address: AddressKey, _ beacon: Int32) {
        let first = bucket(of: address)
        var place = find(address) ?? -1
        if place < 0 {
            // The entry with the fewest claims goes. A counterfeiter's goes last, a flood's
            // entries have one claim each like everybody else's.
            place = first
            for other in first..<(first + Self.ways)
            where entries[other].claims < entries[place].claims {
                place = other
            }
            entries[place] = Entry(address: address)
        }
        guard !entries[place].lists(beacon) else { return }
        entries[place].claims &+= 1
        for slot in 0..<Self.beaconsPerAddress where entries[place].beacons[slot] < 0 {
            entries[place].beacons[slot] = beacon
            return
        }
    }

    /// Takes a beacon off an address.
    mutating func release(_ address: AddressKey, _ beacon: Int32) {
        guard let place = find(address), entries[place].claims > 0 else { return }
        entries[place].claims -= 1
        for slot in 0..<Self.beaconsPerAddress where entries[place].beacons[slot] == beacon {
            entries[place].beacons[slot] = -1
        }
    }

    /// Puts a beacon's entry back if it was pushed out.
    mutating func refresh(_ address: AddressKey, _ beacon: Int32) {
        if find(address) == nil { claim(address, beacon) }
    }

    /// How many configured identifiers an address sends.
    func claims(of address: AddressKey) -> Int {
        find(address).map { Int(entries[$0].claims) } ?? 0
    }

    /// The beacons an address sends, −1 for none.
    func beacons(of address: AddressKey) -> InlineArray<4, Int32> {
        find(address).map { entries[$0].beacons } ?? InlineArray(repeating: -1)
    }

    private func bucket(of address: AddressKey) -> Int {
        Int(truncatingIfNeeded: hash(address)) & mask & ~(Self.ways - 1)
    }

    private func find(_ address: AddressKey) -> Int? {
        let first = bucket(of: address)
        return (first..<(first + Self.ways)).first {
            entries[$0].claims > 0 && entries[$0].address == address
        }
    }
}
