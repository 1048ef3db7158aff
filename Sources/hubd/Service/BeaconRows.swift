import BeaconScanner
import Campaigns
import DBus
import EventLoop
import Outbox

/// Beacons as rows for the bus: what `hubctl beacons` shows.
@Hub
struct BeaconRows {
    let air: Air
    let shop: Shop

    /// Every configured beacon, in the order of the catalog.
    func configured() -> [Fields] {
        let wall = WallClock.now()
        return air.statuses().map { row($0, wall) }
    }

    /// Beacons that were heard and that no catalog names.
    func unknown(limit: Int) -> [Fields] {
        let wall = WallClock.now()
        return air.unknownBeacons(limit: limit).map { row($0, wall) }
    }

    private func row(_ status: BeaconStatus, _ wall: WallClock.Reading) -> Fields {
        let beacon = shop.catalog.beacons[Int(status.index)]
        var fields = Fields()
        fields.set("id", status.id.description)
        fields.set("label", beacon.label)
        fields.set("zone", shop.catalog.zone(status.zone))
        fields.set("zonePath", shop.path(of: shop.catalog.zone(status.zone)))
        fields.set("holder", beacon.holder)
        fields.set("rssi", status.rssi.map { Double($0).rounded(toDigits: 1) })
        fields.set("distance", status.distance.map { $0.rounded(toDigits: 2) })
        fields.set("proximity", status.proximity.name)
        // Volts, as a battery is labeled.
        fields.set("battery", status.batteryMillivolts.map { Double($0) / 1_000 })
        fields.set("batteryPercent", status.batteryPercent)
        fields.set("batteryDaysLeft", status.batteryDaysLeft.map { $0.rounded(toDigits: 1) })
        setHeard(status.lastHeard, wall, &fields)
        fields.set("state", status.state.name)
        if let entered = status.enteredAt {
            fields.set("enteredSeconds", Self.seconds(air.now.nanoseconds(since: entered)))
        }
        if let patience = air.patience(of: status.index) {
            fields.set("leavesAfterSeconds", Self.seconds(patience.untilLeft))
            fields.set("missingAfterSeconds", Self.seconds(patience.untilMissing))
        }
        // What it says itself counts only once it was heard.
        if status.adverts > 0 { fields.set("measuredPower", status.measuredPower) }
        fields.set("findings", Finding.allCases.filter { status.findings.contains($0) }.map(\.name))
        fields.set("radio", status.radio.map { air.radios[Int($0)].name })
        fields.set("adverts", status.adverts)
        fields.set("interval", status.interval.map { (Double($0) / 1e9).rounded(toDigits: 3) })
        return fields
    }

    private func row(_ status: StrangerStatus, _ wall: WallClock.Reading) -> Fields {
        var fields = Fields()
        fields.set("id", status.id.description)
        if let url = EddystoneURL.text(of: status.id) { fields.set("url", url) }
        fields.set("rssi", status.rssi.map { Double($0).rounded(toDigits: 1) })
        fields.set("distance", status.distance.map { $0.rounded(toDigits: 2) })
        fields.set("proximity", status.proximity.name)
        setHeard(status.lastHeard, wall, &fields)
        fields.set("state", "unknown")
        fields.set("related", status.isRelated)
        fields.set("radio", air.radios[Int(status.radio)].name)
        fields.set("adverts", status.adverts)
        return fields
    }

    private static func seconds(_ nanoseconds: Int64) -> Double {
        (Double(max(0, nanoseconds)) / 1e9).rounded(toDigits: 1)
    }

    private func setHeard(_ heard: BootTime?, _ wall: WallClock.Reading, _ fields: inout Fields) {
        guard let heard else { return }
        let age = max(0, air.now.nanoseconds(since: heard))
        fields.set("lastHeard", wall.moved(byNanoseconds: -age).rfc3339)
        fields.set("lastHeardSeconds", (Double(age) / 1e9).rounded(toDigits: 1))
    }
}

extension Double {
    /// The value with so many digits behind the point.
    func rounded(toDigits digits: Int) -> Double {
        let factor = [1.0, 10, 100, 1_000][min(max(digits, 0), 3)]
        return (self * factor).rounded() / factor
    }
}
