/// Which of the devices that are heard are of interest, and which of them it is time to tell of:
/// each about once a second.
///
/// It is asked for each advertisement. For one that nobody wants it looks into two sets and
/// allocates nothing; without any wish it is not even asked.
struct Watchlist {
    /// Strangers that are told of within a second: a shop has a handful. Addresses are for free, and
    /// whoever makes them up by the thousand gets no more of the hub than this.
    static let strangersPerSecond = 32
    /// Devices of which it is known when they were told of last.
    static let mostRemembered = 1_024

    private let addresses: Set<UInt64>
    let services: Set<UInt16>
    private var told: [UInt64: Int32] = [:]
    private var second: Int32 = .min
    private var strangers = 0

    init(addresses: Set<UInt64> = [], services: Set<UInt16> = []) {
        self.addresses = addresses
        self.services = services
    }

    /// Whether nothing is looked out for.
    var isEmpty: Bool { addresses.isEmpty && services.isEmpty }

    /// Whether to tell of a device that was heard.
    mutating func wants(_ address: UInt64, _ offered: ServiceList, at now: Int32) -> Bool {
        let isKnown = addresses.contains(address)
        guard isKnown || offers(offered), told[address] != now else { return false }
        if now != second {
            second = now
            strangers = 0
        }
        if !isKnown {
            guard strangers < Self.strangersPerSecond else { return false }
            strangers += 1
        }
        if told.count >= Self.mostRemembered { told.removeAll(keepingCapacity: true) }
        told[address] = now
        return true
    }

    private func offers(_ offered: ServiceList) -> Bool {
        for index in 0..<offered.count where services.contains(offered[index]) { return true }
        return false
    }
}
