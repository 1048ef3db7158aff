import BeaconScanner
import DBus
import EventLoop
import JSON

/// `hubctl why BEACON`: how one beacon is judged, and what it brings.
enum WhyVerb: Verb {
    static let name = "why"
    static let summary = "how a beacon is judged, and why it brings the campaigns it brings"
    static let operands = "BEACON"
    static let details = [
        "BEACON is UUID/MAJOR/MINOR, eddystone:NAMESPACE/INSTANCE or altbeacon:ID.",
        "It shows: presence, with the silence after which it leaves and is missing; the signal and",
        "what it means; findings; and each campaign of the place, with the rule that lets it run or",
        "keeps it from running. Nothing is counted or kept.",
        "",
        "Exit: 0 shown, 65 neither configured nor heard.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        guard let id = BeaconID(arguments.words[0])?.description else {
            throw Failure(
                .usage,
                "why: \(quoted(arguments.words[0])), expected UUID/MAJOR/MINOR, eddystone:NAMESPACE/INSTANCE or altbeacon:ID"
            )
        }
        let client = try await HubClient(arguments)
        let known = try await row(id, client.document("List", of: "Beacons1"))
        let stranger =
            known == nil
            ? try await row(id, client.document("ListUnknown", of: "Beacons1", [.uint32(10_000)]))
            : nil
        guard let beacon = known ?? stranger else {
            throw Failure(
                .dataError,
                [
                    "\(id) is neither in the catalog nor heard",
                    "hubctl beacons and hubctl beacons --unknown list those that are",
                ])
        }
        // At the strength at which the hub hears it; a beacon that is away: right at it.
        let isHere = beacon["state"]?.string == "present"
        let rssi = isHere ? beacon["rssi"]?.number?.double : nil
        let heard = rssi.map { Int16(max(-127, min(20, $0.rounded()))) } ?? 127
        let answer = try await client.document(
            "Preview", of: "Campaigns1",
            [.array(of: "(sn)", [.structure([.string(id), .int16(heard)])])])
        if output.wantsJSON {
            try output.print(["id": .string(id), "beacon": beacon, "answer": answer] as JSONValue)
        } else {
            let report = WhyReport(id: id, beacon: beacon, isKnown: known != nil, answer: answer)
            try output.print(report.lines(on: output.terminal))
        }
        return .ok
    }

    private static func row(_ id: String, _ list: JSONValue) -> JSONValue? {
        list.elements?.first { $0["id"]?.string == id }
    }
}

/// What is known of one beacon, in sentences.
struct WhyReport {
    let id: String
    let beacon: JSONValue
    /// Whether the catalog names it.
    let isKnown: Bool
    /// What a shake at it would yield.
    let answer: JSONValue

    func lines(on terminal: Terminal) -> [String] {
        let label = Show.text(beacon["label"] ?? beacon["url"])
        let heading = terminal.paint(id, .heading) + (label.isEmpty ? "" : "  \(label)")
        return [heading] + titled("place", place) + titled("presence", presence)
            + titled("signal", signal) + titled("audit", audit) + campaigns(terminal)
    }

    private func titled(_ title: String, _ lines: [String]) -> [String] {
        lines.enumerated().map { index, line in
            "  " + DisplayWidth.pad(index == 0 ? title : "", to: 10, rightAligned: false) + line
        }
    }

    private var place: [String] {
        guard isKnown else { return ["no catalog names it: it has no zone and makes no events"] }
        let path = (beacon["zonePath"]?.elements ?? []).map(Show.text)
        if beacon["holder"] != nil {
            return ["worn by \(Show.text(beacon["holder"])), where it is heard best"]
        }
        return [path.isEmpty ? "in no zone" : "in " + path.joined(separator: ", which is in ")]
    }

    private var presence: [String] {
        let state = Show.text(beacon["state"])
        var first = state
        if let entered = beacon["enteredSeconds"]?.number?.double, state == "present" {
            first += " for \(Show.duration(entered))"
        }
        if beacon["radio"] != nil { first += ", heard best by \(Show.text(beacon["radio"]))" }
        var lines = [first]
        if beacon["lastHeardSeconds"] != nil {
            var text =
                "last heard \(Show.ago(beacon["lastHeardSeconds"])), "
                + "\(Show.count(beacon["adverts"])) adverts"
            if beacon["interval"] != nil {
                text += ", one each \(Show.number(beacon["interval"], " s"))"
            }
            lines.append(text)
        }
        if let leaves = beacon["leavesAfterSeconds"]?.number?.double {
            var text = "leaves after \(Show.duration(leaves)) of silence"
            if let missing = beacon["missingAfterSeconds"]?.number?.double, beacon["holder"] == nil
            {
                text += ", is missing after \(Show.duration(missing))"
            }
            lines.append(text)
        }
        return lines
    }

    private var signal: [String] {
        guard beacon["rssi"] != nil else { return ["none was measured"] }
        var text = "\(Show.number(beacon["rssi"], " dBm", digits: 1)) smoothed"
        if beacon["measuredPower"] != nil {
            text += ", \(Show.number(beacon["measuredPower"], " dBm")) at 1 m"
        }
        if beacon["distance"] != nil {
            text += ": \(Show.number(beacon["distance"], " m", digits: 1))"
        }
        let limits =
            "immediate up to \(Show.decimal(Ranging.immediateLimit, 1)) m, "
            + "near up to \(Show.decimal(Ranging.nearLimit, 1)) m"
        return [text, "\(Show.text(beacon["proximity"])) (\(limits))"]
    }

    private var audit: [String] {
        let findings = (beacon["findings"]?.elements ?? []).map(Show.text)
        return isKnown
            ? [findings.isEmpty ? "nothing found" : findings.joined(separator: ", ")] : []
    }

    private func campaigns(_ terminal: Terminal) -> [String] {
        let pages = answer["pages"]?.elements ?? []
        let refused = answer["refused"]?.elements ?? []
        guard isKnown else { return titled("campaigns", ["none: it is in no catalog"]) }
        if pages.isEmpty, refused.isEmpty {
            return titled("campaigns", ["none are for this place"])
        }
        let here = beacon["state"]?.string == "present" ? "at this distance" : "right at it"
        var lines = titled("campaigns", ["what a shake \(here) yields, in this order"])
        for (number, page) in pages.enumerated() {
            lines.append(
                "    \(terminal.paint("✓", .good)) \(number + 1). \(Show.text(page["campaign"])): "
                    + "\(Show.text(page["why"])), priority \(Show.text(page["priority"]))")
        }
        for entry in refused {
            lines.append(
                "    \(terminal.paint("✗", .warning)) \(Show.text(entry["campaign"])): "
                    + Show.text(entry["why"]))
        }
        return lines
    }
}
