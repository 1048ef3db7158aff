import Checkup
import Configuration
import DBus
import EventLoop
import JSON

/// What the daemon tells when it runs, and what can be said without it when it does not.
enum DaemonCheckup {
    // MARK: With the daemon

    /// The checks of `Diagnose`.
    static func checks(diagnosis: JSONValue) -> [Check] {
        (diagnosis["checks"]?.elements ?? []).map { row in
            Check(
                Show.text(row["area"]), Show.text(row["thing"]),
                row["state"]?.string.flatMap(Check.State.init) ?? .unknown,
                Show.text(row["text"]), Show.text(row["mend"]))
        }
    }

    /// What the status complains about, and radios that hear nothing without complaining.
    static func checks(status: JSONValue) -> [Check] {
        var checks = (status["problems"]?.elements ?? []).map { problem in
            // "sink http: refuses connections": the part stands before the colon.
            let text = Show.text(problem)
            let part = text.prefix { $0 != ":" }
            let rest = text.dropFirst(part.count + 1).drop { $0 == " " }
            return Check.failed(
                "status", rest.isEmpty ? "" : String(part), rest.isEmpty ? text : String(rest),
                mend: "hubctl status shows whether it lasts")
        }
        let uptime = status["uptime"]?.number?.double ?? 0
        for radio in status["radios"]?.elements ?? [] where radio["problem"] == nil {
            let name = Show.text(radio["name"])
            let reports = radio["reports"]?.number?.integer(as: Int64.self) ?? 0
            let isOn = ["listening", "hearing", "recovering", "quiet"]
                .contains(radio["state"]?.string)
            // A beacon sends at least once in ten seconds (Eddystone: interval up to 10.24 s).
            if reports == 0, uptime > 60, isOn {
                checks.append(
                    .warning(
                        "radio", name, "has heard nothing since hubd started",
                        mend: "is a beacon near, and an antenna on? btmon shows what arrives"))
            } else {
                checks.append(
                    .well(
                        "radio", name,
                        "\(Show.text(radio["state"])), \(Show.count(radio["reports"])) reports"))
            }
        }
        return checks
    }

    // MARK: Without it

    /// Disk, clock and sinks as far as another user can see them.
    @Hub
    static func checks(without settings: Settings) async -> [Check] {
        var checks: [Check] = []
        let folder = existingFolder(of: settings.store.path)
        if let disk = Disk(of: folder) {
            checks += disk.checks(store: settings.store.path, quota: settings.store.quota, used: 0)
        }
        checks += Clock.present.checks(zone: settings.hub.timezone)
        for sink in settings.sinks { checks += await self.checks(without: sink) }
        return checks
    }

    @Hub
    private static func checks(without sink: Sink) async -> [Check] {
        let rest = Check.unknown(
            "sink", sink.name, "the rest is checked by hubd, which does not run")
        if case .file(let path, _, _) = sink.kind {
            // Whether hubd may write there, only hubd can tell; whether anybody could, we can.
            let check = SinkFile.check(path, sink: sink.name, isRunning: false)
            return check.state == .failed && !check.text.contains("by this user")
                ? [check] : [rest]
        }
        guard let place = sink.endpoint else { return [rest] }
        let reach = await Sideline.run(limit: .seconds(8)) {
            Way.reach(host: place.host, port: place.port)
        }
        guard let reach else {
            return [
                .failed(
                    "sink", sink.name, "no answer about \(place.host) in time",
                    mend: "is the name server reachable? see resolv.conf(5)")
            ]
        }
        let checks = Way.check(reach, sink: sink.name, host: place.host, port: place.port)
        guard case .connected = reach, place.isEncrypted else { return checks }
        return checks + [rest]
    }

    /// The nearest folder above a path that is there: the store's own comes with hubd's first start.
    private static func existingFolder(of path: String) -> String {
        var folder = SinkFile.parent(of: path)
        while Disk(of: folder) == nil, folder != "/", folder != "." {
            folder = SinkFile.parent(of: folder)
        }
        return folder
    }
}
