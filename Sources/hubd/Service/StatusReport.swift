import BeaconScanner
import Campaigns
import Configuration
import DBus
import EventLoop
import Outbox

/// What `hubctl status` shows.
@Hub
struct StatusReport {
    let version: String
    let hub: String
    let startedAt: EventLoop.Instant
    let settings: Settings
    let air: Air
    let radioOwner: Radios
    let shop: Shop
    let deviceRows: DeviceRows
    let outbox: OutboxStatus
    let bus: Connection.Counters
    let catalog: Fields
    let problems: [HubProblem]

    func fields() -> Fields {
        var fields = Fields()
        fields.set("state", state)
        fields.set("version", version)
        fields.set("hub", hub)
        let uptime = startedAt.duration(to: Hub.loop.now)
        fields.set("uptime", uptime.components.seconds)
        fields.set("radios", radios)
        fields.set("broadcast", broadcast)
        fields.set("reports", air.reports)
        fields.set(
            "reportsPerSecond",
            air.radios.reduce(0) { $0 + $1.rate.perSecond }.rounded(toDigits: 1))
        fields.set("beacons", beacons)
        fields.set("devices", devices)
        fields.set("campaigns", campaigns)
        fields.set("catalog", catalog)
        fields.set("matches", air.matches)
        fields.set("sinks", sinks)
        fields.set("store", store)
        fields.set("bus", busCounts)
        fields.set("clock", clock)
        fields.set("rejected", rejected)
        fields.set("problems", problems.map { "\($0.part): \($0.text)" })
        return fields
    }

    private var state: String {
        if problems.contains(where: \.isFatal) { return "failed" }
        return problems.isEmpty ? "well" : "degraded"
    }

    private var radios: [Fields] {
        air.radios.map { radio in
            var fields = Fields()
            fields.set("name", radio.name)
            fields.set("kind", radio.kind)
            fields.set("zone", radio.zone)
            fields.set("state", radio.state.name)
            fields.set("reports", radio.reports)
            fields.set("reportsPerSecond", radio.rate.perSecond.rounded(toDigits: 1))
            fields.set("adapter", radio.address)
            fields.set(
                "lastHeardSeconds",
                radio.lastHeard.map {
                    (Double(air.now.nanoseconds(since: $0)) / 1e9).rounded(toDigits: 1)
                })
            if radio.kind != "capture" { fields.set("recoveries", radio.recoveries) }
            if radio.kind == "monitor" { fields.set("lost", radioOwner.lostReports) }
            fields.set("note", radio.state.note)
            fields.set("problem", radio.state.problem)
            return fields
        }
    }

    private var broadcast: Fields? {
        guard let (id, state, problem) = radioOwner.broadcast else { return nil }
        var fields = Fields()
        fields.set("id", id)
        fields.set("state", state)
        fields.set("problem", problem)
        return fields
    }

    private var beacons: Fields {
        let statuses = air.statuses()
        var fields = Fields()
        fields.set("configured", statuses.count)
        fields.set("present", air.presentCount)
        fields.set("missing", statuses.count { $0.state == .missing })
        fields.set("neverHeard", statuses.count { $0.state == .neverHeard })
        fields.set("flagged", statuses.count { !$0.findings.isEmpty })
        fields.set("unknown", air.unknownBeacons(limit: .max).count)
        return fields
    }

    private var devices: Fields {
        var fields = Fields()
        let rows = deviceRows.all()
        func count(_ key: String, _ value: String) -> Int {
            rows.count { $0[key]?.string == value }
        }
        fields.set("configured", settings.devices.count)
        fields.set("known", rows.count - count("state", "replaced"))
        fields.set("present", count("state", "present"))
        fields.set("connected", count("link", "connected") + count("link", "resting"))
        fields.set("troubled", rows.count { $0["problem"] != nil })
        fields.set("unknown", deviceRows.strangers().count)
        fields.set("airSyncAdverts", air.counts.airSync)
        return fields
    }

    private var campaigns: Fields {
        var fields = Fields()
        fields.set("configured", shop.catalog.campaigns.count)
        fields.set("running", shop.index.runningCount)
        return fields
    }

    private var sinks: [Fields] {
        settings.sinks.map { sink in
            var fields = Fields()
            fields.set("name", sink.name)
            fields.set("kind", sink.kindName)
            let name = sink.outboxSettings.name
            guard let status = outbox.sinks.first(where: { $0.name == name }) else {
                fields.set("state", "failed")
                return fields
            }
            fields.set("state", status.fault == nil ? "well" : "waiting")
            fields.set("depth", status.depth)
            fields.set("oldestSeconds", status.oldestAge.map(Self.seconds))
            fields.set("service", status.service.map(Fields.init))
            fields.set("missed", status.missed?.count)
            fields.set("problem", status.fault?.text)
            fields.set("retryInSeconds", status.retryIn.map(Self.seconds))
            return fields
        }
    }

    private var store: Fields {
        var fields = Fields()
        fields.set("state", outbox.health.state.rawValue)
        fields.set("path", settings.store.path)
        fields.set("lastSequence", outbox.lastSequence)
        fields.set("bytes", outbox.fileSize)
        fields.set("quota", settings.store.quota)
        fields.set("used", outbox.used.rounded(toDigits: 3))
        fields.set("waiting", outbox.health.waiting)
        fields.set("dropped", outbox.dropped + outbox.shed)
        fields.set("refused", outbox.refused)
        fields.set("rejected", outbox.rejected)
        fields.set("problem", outbox.health.reason.isEmpty ? nil : outbox.health.reason)
        if !outbox.salvages.isEmpty { fields.set("salvages", outbox.salvages.map(salvage)) }
        return fields
    }

    private func salvage(_ report: SalvageReport) -> Fields {
        var fields = Fields()
        fields.set("cause", report.cause)
        fields.set("path", report.path)
        let time = WallClock.Reading(
            unixNanoseconds: report.unixNanoseconds,
            utcOffset: WallClock.utcOffset(at: report.unixNanoseconds / 1_000_000_000),
            isSynchronised: true)
        fields.set("time", time.rfc3339)
        fields.set("saved", report.events)
        fields.set("lost", report.lost)
        fields.set("gone", report.gone)
        fields.set("unknown", report.unknown)
        return fields
    }

    /// What went wrong on the bus; each is 0 where nobody is hostile and nothing breaks.
    private var busCounts: Fields {
        var fields = Fields()
        fields.set("losses", bus.losses)
        fields.set("forgedSignals", bus.forgedSignals)
        fields.set("unsentSignals", bus.unsentSignals)
        fields.set("refusedCalls", bus.refusedCalls)
        fields.set("deniedCalls", bus.deniedCalls)
        return fields
    }

    private var clock: Fields {
        let now = WallClock.now()
        var fields = Fields()
        fields.set("time", now.rfc3339)
        fields.set("timezone", settings.hub.timezone ?? "system")
        fields.set("synchronised", now.isSynchronised)
        return fields
    }

    /// What was heard and not used, by reason; only reasons that occurred.
    private var rejected: Fields {
        let counts = air.rejected
        var fields = Fields()
        for reason in RejectReason.allCases where counts[reason] > 0 {
            fields.set(reason.name, counts[reason])
        }
        return fields
    }

    private static func seconds(_ duration: Duration) -> Double {
        let parts = duration.components
        return (Double(parts.seconds) + Double(parts.attoseconds) / 1e18).rounded(toDigits: 1)
    }
}
