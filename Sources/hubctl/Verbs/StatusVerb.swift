import EventLoop
import JSON

/// `hubctl status`: how the hub is doing, on one screen.
enum StatusVerb: Verb {
    static let name = "status"
    static let summary = "how the hub is doing"
    static let details = [
        "Exit: 0 well, 1 degraded, 2 failed, 3 not running."
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let status: JSONValue
        do throws(Failure) {
            status = try await HubClient(arguments).document("Status", of: "Hub1")
        } catch {
            if error.code == .notRunning, output.wantsJSON {
                try output.print(["state": "not running"] as JSONValue)
            }
            throw error
        }
        if output.wantsJSON {
            try output.print(status)
        } else {
            try output.print(lines(status, output.terminal))
        }
        switch status["state"]?.string {
        case "well": return .ok
        case "degraded": return .degraded
        default: return .failed
        }
    }

    static func lines(_ status: JSONValue, _ terminal: Terminal) -> [String] {
        var lines = [heading(status, terminal), ""]
        for radio in status["radios"]?.elements ?? [] {
            lines += entry("radio", radio, terminal, state: radio["state"], radioText(radio))
            if let note = radio["note"] { lines += row("", Show.text(note)) }
        }
        if status["radios"]?.elements?.isEmpty ?? true {
            lines += row("radio", "none configured: the hub hears nothing")
        }
        if let beacon = status["broadcast"] {
            let ink: Terminal.Ink = beacon["problem"] == nil ? .good : .bad
            lines += row(
                "broadcast",
                "\(Show.text(beacon["id"])): "
                    + terminal.paint(Show.text(beacon["state"]), ink))
        }
        lines += row("beacons", beacons(status["beacons"]))
        lines += row("devices", devices(status["devices"]))
        lines += row(
            "campaigns",
            "\(Show.text(status["campaigns"]?["running"])) of "
                + "\(Show.text(status["campaigns"]?["configured"])) running")
        lines += row("catalog", catalog(status["catalog"]))
        for sink in status["sinks"]?.elements ?? [] {
            lines += entry("sink", sink, terminal, state: sink["state"], sinkText(sink))
        }
        if status["sinks"]?.elements?.isEmpty ?? true {
            lines += row("sink", "none configured: events are kept here only")
        }
        lines += row("store", store(status["store"]))
        lines += row("clock", clock(status["clock"]))
        let problems = status["problems"]?.elements ?? []
        if !problems.isEmpty {
            lines += ["", terminal.paint("Problems", .heading)]
            lines += problems.map { "  " + terminal.paint(Show.text($0), .warning) }
        }
        return lines
    }

    private static func heading(_ status: JSONValue, _ terminal: Terminal) -> String {
        let state = Show.text(status["state"])
        let ink: Terminal.Ink = state == "well" ? .good : state == "degraded" ? .warning : .bad
        let uptime = Show.duration(status["uptime"]?.number?.double ?? 0)
        return "\(terminal.paint("●", ink)) \(Show.text(status["hub"])): "
            + terminal.paint(state, ink)
            + "   hubd \(Show.text(status["version"])), up \(uptime), "
            + "\(Show.count(status["reports"])) reports, "
            + "\(Show.number(status["reportsPerSecond"], "/s", digits: 0))"
    }

    private static func row(_ title: String, _ text: String) -> [String] {
        ["  " + DisplayWidth.pad(title, to: 10, rightAligned: false) + "  " + text]
    }

    private static func entry(
        _ title: String, _ entry: JSONValue, _ terminal: Terminal, state: JSONValue?, _ text: String
    ) -> [String] {
        let isBad = entry["problem"] != nil
        let name = Show.text(entry["name"])
        return row(
            title, "\(name): \(terminal.paint(Show.text(state), isBad ? .bad : .good))\(text)")
    }

    private static func radioText(_ radio: JSONValue) -> String {
        let zone = radio["zone"].map { ", in \(Show.text($0))" } ?? ""
        let adapter = radio["adapter"].map { ", adapter \(Show.text($0))" } ?? ""
        let heard = radio["lastHeardSeconds"].map { ", heard \(Show.ago($0))" } ?? ""
        let count = radio["recoveries"]?.number?.integer(as: Int.self) ?? 0
        let recoveries = count > 0 ? ", recovered \(count) times" : ""
        let lost = radio["lost"]?.number?.integer(as: Int.self) ?? 0
        let losses = lost > 0 ? ", \(lost) lost" : ""
        return "\(zone)\(adapter), \(Show.count(radio["reports"])) reports, "
            + Show.number(radio["reportsPerSecond"], "/s", digits: 0) + losses + heard + recoveries
    }

    /// `version 12 of 2026-11-24T10:00:00+08:00, asked 3 min ago: unchanged`
    private static func catalog(_ catalog: JSONValue?) -> String {
        guard let catalog, catalog["from"] != nil || catalog["result"] != nil else {
            return "none configured"
        }
        let version = catalog["version"].map { "version \(Show.text($0))" }
        let place = version ?? catalog["from"].map(Show.text) ?? "none yet"
        let since = catalog["since"].map { " since \(Show.text($0))" } ?? ""
        let asked = catalog["result"].map {
            ", asked \(Show.ago(catalog["secondsAgo"])): \(Show.text($0))"
        }
        return place + since + (asked ?? "")
    }

    private static func beacons(_ beacons: JSONValue?) -> String {
        func count(_ key: String) -> Int { beacons?[key]?.number?.integer() ?? 0 }
        var text = "\(count("present")) of \(count("configured")) present"
        for (key, word) in [
            ("missing", "missing"), ("neverHeard", "never heard"), ("flagged", "flagged"),
            ("unknown", "unknown"),
        ] where count(key) > 0 {
            text += ", \(count(key)) \(word)"
        }
        return text
    }

    private static func devices(_ devices: JSONValue?) -> String {
        func count(_ key: String) -> Int { devices?[key]?.number?.integer() ?? 0 }
        var text = "\(count("present")) of \(count("known")) present"
        for (key, word) in [
            ("connected", "connected"), ("troubled", "with a problem"),
            ("unknown", "that nobody enrolled"),
        ] where count(key) > 0 {
            text += ", \(count(key)) \(word)"
        }
        return text
    }

    private static func sinkText(_ sink: JSONValue) -> String {
        let depth = sink["depth"]?.number?.integer(as: Int.self) ?? 0
        let service = sink["service"].map { ", its service has \(Show.place($0))" } ?? ""
        guard depth > 0 else { return ", nothing waits\(service)" }
        let age = sink["oldestSeconds"]?.number?.double.map { ", oldest \(Show.duration($0))" }
        return ", \(Show.count(sink["depth"])) wait\(age ?? "")\(service)"
    }

    private static func store(_ store: JSONValue?) -> String {
        let used = (store?["used"]?.number?.double ?? 0) * 100
        var text =
            "\(Show.text(store?["state"])), \(Show.count(store?["lastSequence"])) events so far, "
            + "\(Show.bytes(store?["bytes"])), \(Show.decimal(used, 0)) % of the quota"
        for (key, word) in [
            ("dropped", "dropped"), ("refused", "refused"), ("rejected", "rejected"),
        ]
        where store?[key]?.number?.integer(as: Int.self) ?? 0 > 0 {
            text += ", \(Show.count(store?[key])) \(word)"
        }
        return text
    }

    private static func clock(_ clock: JSONValue?) -> String {
        let synchronised = clock?["synchronised"]?.bool == true
        return "\(Show.text(clock?["time"])) (\(Show.text(clock?["timezone"]))), "
            + (synchronised ? "synchronized" : "not synchronized: is a time service running?")
    }
}
