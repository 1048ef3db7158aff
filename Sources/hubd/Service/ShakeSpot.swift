import BeaconScanner
import DBus

/// The beacons of a shake, as they come over the bus.
enum ShakeSpot {
    /// The most beacons a phone hears; WeChat's own push names five.
    private static let longest = 64
    /// 127 stands for "no RSSI" in HCI reports and here.
    private static let noRSSI: Int64 = 127

    /// The opaque key of who shakes; nil when nobody says.
    static func user(_ options: BusValue) throws(BusError) -> String? {
        for entry in options.entries ?? [] where entry.key.string != "user" {
            throw BusError(.invalid, "option \"\(entry.key.string ?? "")\": expected user")
        }
        guard let value = options["user"] else { return nil }
        guard let user = value.string else { throw BusError(.invalid, "user: expected a text") }
        try Printable.check(user, "user", longest: 128)
        return user
    }

    static func read(_ value: BusValue) throws(BusError) -> [(beacon: BeaconID, rssi: Int?)] {
        let entries = value.elements ?? []
        guard (1...longest).contains(entries.count) else {
            throw BusError(.invalid, "a spot has 1 to \(longest) beacons, not \(entries.count)")
        }
        var spot: [(beacon: BeaconID, rssi: Int?)] = []
        for entry in entries {
            let fields = entry.elements ?? []
            let text = fields.first?.string ?? ""
            guard let beacon = BeaconID(text) else {
                throw BusError(
                    .invalid,
                    "\"\(text)\" is no beacon id, expected UUID/MAJOR/MINOR or another form of the catalog"
                )
            }
            let rssi = fields.last?.integer ?? noRSSI
            guard rssi == noRSSI || (-127...20).contains(rssi) else {
                throw BusError(
                    .invalid, "\(text): \(rssi) dBm, expected -127 to 20, or 127 for none")
            }
            spot.append((beacon, rssi == noRSSI ? nil : Int(rssi)))
        }
        return spot
    }
}
