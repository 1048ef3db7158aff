import JSON

/// Beacons over time as lines of text: one for each change of state, place or proximity.
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
        return sample.rows.compactMap { row in
            let id = Show.text(row["id"])
            let new = Known(
                state: Show.text(row["state"]), zone: Show.text(row["zone"] ?? row["holder"]),
                proximity: Show.text(row["proximity"]))
            guard known[id] != new else { return nil }
            known[id] = new
            let words = [time, id, new.state, new.proximity, new.zone, Show.text(row["label"])]
            return words.filter { !$0.isEmpty }.joined(separator: "  ")
        }
    }
}
