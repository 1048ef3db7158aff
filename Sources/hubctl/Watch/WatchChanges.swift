import JSON

/// Beacons and devices over time as lines of text: one for each change of state, place, proximity
/// or link.
struct WatchChanges {
    private struct Known: Hashable {
        let state: String
        let zone: String
        let proximity: String
    }

    private var known: [String: Known] = [:]

    /// The lines about what is other than in the last sample; all beacons in the first.
    mutating func lines(_ sample: WatchView.Sample) -> [String] {
        let time = Show.text(sample.status["clock"]?["time"])
        return sample.rows.compactMap { beacon($0, time) }
            + sample.devices.compactMap { device($0, time) }
    }

    private mutating func beacon(_ row: JSONValue, _ time: String) -> String? {
        let id = Show.text(row["id"])
        let new = Known(
            state: Show.text(row["state"]), zone: Show.text(row["zone"] ?? row["holder"]),
            proximity: Show.text(row["proximity"]))
        guard known[id] != new else { return nil }
        known[id] = new
        let words = [time, id, new.state, new.proximity, new.zone, Show.text(row["label"])]
        return words.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private mutating func device(_ row: JSONValue, _ time: String) -> String? {
        let id = Show.text(row["id"])
        let new = Known(
            state: Show.text(row["state"]), zone: Show.text(row["link"]),
            proximity: Show.text(row["lastMeasurementAt"]))
        // No beacon is called so.
        guard known["device " + id] != new else { return nil }
        known["device " + id] = new
        let measured = new.proximity.isEmpty ? "" : "measured \(new.proximity)"
        let words = [
            time, id, Show.text(row["kind"]), new.state, new.zone, measured,
            Show.text(row["problem"]),
        ]
        return words.filter { !$0.isEmpty }.joined(separator: "  ")
    }
}
