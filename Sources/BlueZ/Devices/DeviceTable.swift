internal import BeaconScanner

/// What BlueZ does not say again with every advertisement: a device's kind of address, its services
/// and its last frames, in memory of a fixed size.
///
/// 4,096 places in buckets of eight. A device that was heard three times keeps its place for a
/// minute against those that were heard less: a flood of random addresses, each seen once, only
/// turns out its own. What is forgotten costs little: the next frames come with the next
/// advertisement.
struct DeviceTable: ~Copyable {
    /// More than a mall's adapter hears in a minute.
    static let capacity = 4_096
    /// 2 × 31 bytes of a legacy advertisement and its scan response, and what rebuilding adds.
    static let longestFrames = 96
    private static let bucket = 8
    private static let regular: UInt8 = 3
    private static let protection: Int32 = 60

    private struct Place {
        var key: UInt64 = 0
        /// Seconds on the boot clock.
        var lastSeen: Int32 = .min
        var sightings: UInt8 = 0
        var rssi: Int8 = RSSI.unavailable.dBm
        var isRandom = true
        var count: UInt8 = 0
        var services = ServiceList()
    }

    private var places = [Place](repeating: Place(), count: Self.capacity)
    private var frames = [UInt8](repeating: 0, count: Self.capacity * Self.longestFrames)
    private let seed: UInt64

    /// Makes an empty table.
    ///
    /// - Parameter seed: random, so that nobody can aim addresses at one bucket.
    init(seed: UInt64) { self.seed = seed }

    /// All bytes that it will ever take.
    static var bytes: Int { capacity * (MemoryLayout<Place>.stride + longestFrames) }

    private func firstPlace(_ key: DeviceKey) -> Int {
        let product = (key.word ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        let mixed = product.high ^ product.low
        return Int(mixed % UInt64(Self.capacity / Self.bucket)) * Self.bucket
    }

    private func find(_ key: DeviceKey) -> Int? {
        let first = firstPlace(key)
        for place in first..<(first + Self.bucket) where places[place].key == key.word {
            return place
        }
        return nil
    }

    /// The place of a device; for a new one the least worthy of its bucket.
    private mutating func claim(_ key: DeviceKey, at second: Int32) -> Int {
        if let place = find(key) { return place }
        let first = firstPlace(key)
        var worst = first
        for place in first..<(first + Self.bucket)
        where worth(place, at: second) < worth(worst, at: second) {
            worst = place
        }
        places[worst] = Place(key: key.word, lastSeen: second)
        return worst
    }

    private func worth(_ place: Int, at second: Int32) -> Int64 {
        let entry = places[place]
        guard entry.key != 0 else { return .min }
        let isProtected =
            entry.sightings >= Self.regular && second &- entry.lastSeen < Self.protection
        return Int64(entry.lastSeen) + (isProtected ? 1 << 32 : 0)
    }

    /// Takes what a message tells, and gives back the whole that results of it.
    ///
    /// - Parameters:
    ///   - update: what the message tells; it is completed with the services, and, when it has no
    ///     data, with the frames that were heard last.
    ///   - key: the device.
    ///   - second: the time, in seconds.
    /// - Returns: the address's kind and the signal strength.
    mutating func complete(
        _ update: inout DeviceUpdate, of key: DeviceKey, at second: Int32
    ) -> (kind: DeviceAddress.Kind, rssi: Int8) {
        let place = claim(key, at: second)
        if let kind = update.kind { places[place].isRandom = kind == .random }
        if let rssi = update.rssi { places[place].rssi = rssi }
        if let services = update.services { places[place].services = services }
        if update.isSighting {
            places[place].lastSeen = second
            places[place].sightings = min(places[place].sightings + 1, Self.regular)
        }
        if update.hasData { remember(update.data, at: place) } else { recall(&update, at: place) }
        update.services = places[place].services
        update.data.append(services: places[place].services)
        return (places[place].isRandom ? .random : .public, places[place].rssi)
    }

    private mutating func remember(_ data: Payload, at place: Int) {
        // Longer ones cannot be repeated for a change of the signal strength alone.
        places[place].count = 0
        guard data.count <= Self.longestFrames else { return }
        places[place].count = UInt8(data.count)
        let start = place * Self.longestFrames
        for index in 0..<data.count { frames[start + index] = data.bytes[index] }
    }

    private func recall(_ update: inout DeviceUpdate, at place: Int) {
        let start = place * Self.longestFrames
        let end = start + Int(places[place].count)
        update.data.restore(frames.span.extracting(start..<end))
    }

    /// BlueZ has forgotten a device.
    mutating func forget(_ key: DeviceKey) {
        if let place = find(key) { places[place] = Place() }
    }

    /// An adapter has gone, and its devices with it.
    mutating func forget(route: Int) {
        let route = UInt8(truncatingIfNeeded: route)
        for place in places.indices
        where places[place].key != 0 && DeviceKey(word: places[place].key).route == route {
            places[place] = Place()
        }
    }

    /// How many devices it knows.
    var count: Int { places.count { $0.key != 0 } }
}
