import Campaigns
import Configuration
import DBus
import EventLoop

/// What `hubctl catalog` shows.
@Hub
struct CatalogReport {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    private var keeper: CatalogKeeper { daemon.catalogs }

    func fields() -> Fields {
        let loaded = daemon.loaded
        var fields = Fields()
        fields.set("version", loaded.version)
        if let state = keeper.state {
            fields.set("since", Self.time(state.since))
            fields.set("highest", state.highest)
            fields.set("rolledBack", state.isRollback)
            fields.set("source", "service")
        } else {
            fields.set("source", loaded.settings.catalog == nil ? "none" : "file")
        }
        fields.set("from", origin)
        fields.set(
            "url", loaded.settings.catalogService.map { $0.address(hub: daemon.hub) })
        fields.set("zones", loaded.catalog.zones.count)
        fields.set("beacons", loaded.catalog.beacons.count)
        fields.set("merchants", loaded.catalog.merchants.count)
        fields.set("campaigns", loaded.catalog.campaigns.count)
        fields.set("asked", asked)
        fields.set("nextSeconds", keeper.next.map { seconds(from: Hub.loop.now, to: $0) })
        fields.set("problem", keeper.problems.first?.text)
        fields.set("versions", versions())
        return fields
    }

    /// What `hubctl status` shows of it.
    func summary() -> Fields {
        var fields = Fields()
        fields.set("version", daemon.loaded.version)
        fields.set("from", origin)
        fields.set("since", keeper.state.flatMap { Self.time($0.since) })
        fields.set("result", keeper.asked?.answer.result)
        fields.set(
            "secondsAgo", keeper.asked.map { seconds(from: $0.instant, to: Hub.loop.now) })
        return fields
    }

    /// Where what runs came from.
    private var origin: String? {
        guard let state = keeper.state else { return daemon.loaded.settings.catalog }
        return keeper.entries.first { $0.version == state.current }?.source
    }

    private var asked: Fields? {
        guard let asked = keeper.asked else { return nil }
        var fields = Fields()
        fields.set("time", Self.time(asked.at))
        fields.set("secondsAgo", seconds(from: asked.instant, to: Hub.loop.now))
        fields.set("result", asked.answer.result)
        fields.set("text", asked.answer.text)
        fields.set("version", asked.answer.version)
        return fields
    }

    func versions() -> [Fields] {
        keeper.entries.map { entry in
            var fields = Fields()
            fields.set("version", entry.version)
            fields.set("inForce", entry.version == keeper.state?.current)
            fields.set("received", Self.time(entry.received))
            fields.set("bytes", entry.size)
            fields.set("hub", entry.hub)
            fields.set("from", entry.source)
            return fields
        }
    }

    /// What an order or a question came to.
    static func fields(_ answer: CatalogKeeper.Answer) -> Fields {
        var fields = Fields()
        fields.set("result", answer.result)
        fields.set("text", answer.text)
        fields.set("refused", answer.isFault)
        fields.set("version", answer.version)
        if !answer.problems.isEmpty { fields.set("problems", answer.problems) }
        if let difference = answer.difference { fields.set("changes", changes(difference)) }
        return fields
    }

    /// So many names of a kind are told; the counts tell of all.
    private static let shown = 200

    private static func changes(_ difference: CatalogDifference) -> Fields {
        var fields = Fields()
        for (name, part) in [
            ("zones", difference.zones), ("beacons", difference.beacons),
            ("merchants", difference.merchants), ("campaigns", difference.campaigns),
        ] where !part.isEmpty {
            var kind = Fields()
            for (verb, ids) in [
                ("added", part.added), ("removed", part.removed), ("changed", part.changed),
            ] where !ids.isEmpty {
                kind.set(verb, Array(ids.prefix(shown)))
                kind.set(verb + "Count", ids.count)
            }
            fields.set(name, kind)
        }
        return fields
    }

    private static func time(_ unixSeconds: Int64) -> String? {
        guard unixSeconds > 0 else { return nil }
        return WallClock.Reading(
            unixNanoseconds: unixSeconds * 1_000_000_000,
            utcOffset: WallClock.utcOffset(at: unixSeconds), isSynchronised: true
        ).rfc3339
    }

    private func seconds(from start: EventLoop.Instant, to end: EventLoop.Instant) -> Double {
        let parts = start.duration(to: end).components
        return max(0, Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
            .rounded(toDigits: 1)
    }
}

/// The options of `Pull`. One that is not known is refused: a misspelt dry run must not pull.
struct PullOptions {
    /// Only tell what would change.
    var isDryRun = false
    /// Take a lower version than before too.
    var mayBeOlder = false

    init(_ options: BusValue) throws(BusError) {
        for entry in options.entries ?? [] {
            let name = entry.key.string ?? ""
            guard let value = entry.value.bool else {
                throw BusError(.invalid, "option \"\(name)\": expected a boolean")
            }
            switch name {
            case "dryRun": isDryRun = value
            case "older": mayBeOlder = value
            default: throw BusError(.invalid, "option \"\(name)\": expected dryRun or older")
            }
        }
    }
}
