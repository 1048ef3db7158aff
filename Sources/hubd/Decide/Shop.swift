import BeaconScanner
import Campaigns
import EventLoop

/// What is offered where and when: the owner of the catalog and of what runs now.
@Hub
final class Shop {
    private(set) var catalog: Catalog
    private(set) var index: CampaignIndex
    /// The zone around each zone.
    private var parents: [String: String]
    private var timer: EventLoop.Timer?
    private let ranging: Ranging

    init(_ catalog: Catalog, ranging: Ranging) {
        self.catalog = catalog
        self.ranging = ranging
        index = CampaignIndex(catalog)
        parents = catalog.zonesAround
        refresh()
    }

    func configure(_ catalog: Catalog) {
        self.catalog = catalog
        index = CampaignIndex(catalog)
        parents = catalog.zonesAround
        refresh()
    }

    /// Looks what runs now, and comes back when that can change: at the next boundary of a
    /// schedule, or when the wall clock was set.
    func refresh() {
        timer?.cancel()
        let now = WallClock.now()
        index.refresh(at: now.localTime)
        let next = index.nextChange(after: now.unixSeconds) { WallClock.utcOffset(at: $0) }
        // A wall clock that is being slewed may need a little longer; one look an hour catches
        // what no notification told.
        let wait = Duration.seconds(min(max(next - now.unixSeconds, 1), 3_600))
        timer = Hub.loop.schedule(after: wait) { [weak self] in
            Hub.assumeIsolated { self?.refresh() }
        }
    }

    /// A zone and the zones around it, the inner one first.
    func path(of zone: String?) -> [String] {
        var path: [String] = []
        var next = zone
        // A checked catalog has no cycle; the bound only says so.
        while let zone = next, path.count < Catalog.maximumZoneDepth {
            path.append(zone)
            next = parents[zone]
        }
        return path
    }

    /// What a shake at a spot yields now.
    ///
    /// - Parameters:
    ///   - spot: the beacons the phone heard; without a signal strength the phone is taken to be
    ///     right at the beacon.
    ///   - air: knows the beacons' power, and where worn ones are.
    /// - Returns: the pages in order, and what is not served and why.
    func shake(_ spot: [(beacon: BeaconID, rssi: Int?)], air: Air) -> ShakeAnswer {
        let heard = spot.map { entry in
            let status = air.status(of: entry.beacon)
            let proximity = entry.rssi.map {
                ranging.proximity(rssi: Float($0), measuredPower: power(of: entry.beacon, status))
            }
            return Shake.Heard(
                entry.beacon, proximity: proximity ?? .immediate, zone: catalog.zone(status?.zone))
        }
        return ShakeResolver(index).resolve(Shake(spot: heard, time: WallClock.now().localTime))
    }

    /// −59 dBm at 1 m is what most makers set an iBeacon to; used until the beacon was heard.
    private func power(of beacon: BeaconID, _ status: BeaconStatus?) -> Int8 {
        if let power = index.number(of: beacon).map({ catalog.beacons[Int($0)].measuredPower }),
            let power
        {
            return power
        }
        guard let status, status.adverts > 0 else { return -59 }
        return status.measuredPower
    }
}

extension Catalog {
    fileprivate var zonesAround: [String: String] {
        Dictionary(
            zones.compactMap { zone in zone.parent.map { (zone.id, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}

extension WallClock.Reading {
    /// What the clock on the wall shows.
    var localTime: LocalTime { LocalTime(unixSeconds: unixSeconds, utcOffset: utcOffset) }
}
