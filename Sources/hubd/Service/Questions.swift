import BeaconScanner
import Campaigns
import Configuration
import DBus
import EventLoop
import Outbox

/// What the bus asks of the daemon: each function answers one method of the interfaces.
extension Daemon {
    func status() async throws(BusError) -> Fields {
        let outbox = if let knownOutbox { knownOutbox } else { await store.status() }
        return StatusReport(
            version: Self.version, hub: hub, startedAt: startedAt, settings: loaded.settings,
            air: air, radioOwner: radios, shop: shop, deviceRows: deviceRows, outbox: outbox,
            bus: busCounters, catalog: CatalogReport(self).summary(),
            problems: problems(outbox)
        ).fields()
    }

    func diagnose() async -> Fields {
        let outbox = if let knownOutbox { knownOutbox } else { await store.status() }
        let checks = await diagnosis.checks(loaded.settings, storeBytes: outbox.fileSize)
        var fields = Fields()
        fields.set("version", Self.version)
        fields.set("config", config)
        fields.set("checks", checks.map(Fields.init))
        return fields
    }

    func events(_ filter: BusValue) async throws(BusError) -> [BusValue] {
        let filter = try EventFilter(filter)
        do throws(OutboxError) {
            let page = try await store.events(
                after: filter.after, notBefore: filter.since, type: filter.type,
                limit: filter.limit)
            return [
                .strings(page.events.map { String(decoding: $0.line, as: UTF8.self) }),
                .uint64(UInt64(clamping: page.through)), .bool(page.hasMore),
            ]
        } catch {
            throw BusError(error)
        }
    }

    func outbox() async throws(BusError) -> Fields {
        do throws(OutboxError) {
            let status = await store.status()
            let rejected = try await store.rejected(limit: 1_000)
            return OutboxReport(settings: loaded.settings, status: status, rejected: rejected)
                .fields()
        } catch {
            throw BusError(error)
        }
    }

    /// A sink's kind and address, by the name that people give it.
    private func outboxName(of name: String) throws(BusError) -> String {
        guard let sink = loaded.settings.sinks.first(where: { $0.name == name }) else {
            throw BusError(.invalid, "\"\(name)\" is no sink; hubctl outbox lists them")
        }
        return sink.outboxSettings.name
    }

    /// Tries a sink at once that waits after a fault.
    func deliverNow(_ name: String) async throws(BusError) {
        let sink = try outboxName(of: name)
        do throws(OutboxError) {
            try await store.deliverNow(sink)
        } catch {
            throw BusError(error)
        }
    }

    /// Delivers once more what is still kept; how many events wait for the sink that did not.
    func deliverAgain(_ name: String, _ first: Int64) async throws(BusError) -> UInt64 {
        let sink = try outboxName(of: name)
        do throws(OutboxError) {
            let count = try await store.deliverAgain(sink, from: first)
            journal.notice(
                "sink \(name): \(count) events, from number \(first) on, are delivered again",
                .deliveredAgain, ["SINK": name])
            return UInt64(clamping: count)
        } catch {
            throw BusError(error)
        }
    }

    func preview(_ name: String) async throws(BusError) -> Fields {
        let sink = try outboxName(of: name)
        do throws(OutboxError) {
            var fields = Fields()
            fields.set("sink", name)
            guard let preview = try await store.preview(sink) else {
                return fields
            }
            fields.set("request", preview.request)
            fields.set("headers", preview.headers)
            fields.set("body", String(decoding: preview.body, as: UTF8.self))
            fields.set("events", preview.count)
            return fields
        } catch {
            throw BusError(error)
        }
    }

    func ledger() async throws(BusError) -> Fields {
        do throws(OutboxError) {
            return LedgerReport(
                settings: loaded.settings, accounts: try await store.ledgerAccounts()
            ).fields()
        } catch {
            throw BusError(error)
        }
    }

    func retry(_ id: String) async throws(BusError) {
        let id = try Self.eventID(id)
        do throws(OutboxError) { try await store.retry(id) } catch { throw BusError(error) }
    }

    func drop(_ id: String) async throws(BusError) {
        let id = try Self.eventID(id)
        do throws(OutboxError) { try await store.drop(id) } catch { throw BusError(error) }
    }

    private static func eventID(_ text: String) throws(BusError) -> UniqueID {
        guard let id = UniqueID(text) else {
            throw BusError(.invalid, "\"\(text)\" is no event id; hubctl outbox lists them")
        }
        return id
    }

    func shake(
        _ spot: BusValue, _ options: BusValue, isRecorded: Bool
    ) async throws(BusError) -> Fields {
        let heard = try ShakeSpot.read(spot)
        let user = try ShakeSpot.user(options)
        let answer = shop.shake(heard, air: air)
        if isRecorded {
            let event = writer.shake(heard, user: user, answer)
            do throws(OutboxError) {
                _ = try await counters.record(event, served: answer.served.map(\.campaign.id))
            } catch {
                throw BusError(error)
            }
        }
        return campaignRows.shake(answer)
    }

    /// Takes over zones or beacons from CSV, or takes them back, all or nothing.
    func importRows(
        _ name: String, _ bytes: [UInt8], _ options: ImportOptions
    ) async throws(BusError) -> Fields {
        try Printable.check(name, "the file's name", longest: 4_096)
        return try await inTurn { () async -> Result<Fields, BusError> in
            do throws(BusError) {
                return .success(try self.importNow(name, bytes, options))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private func importNow(
        _ name: String, _ bytes: [UInt8], _ options: ImportOptions
    ) throws(BusError) -> Fields {
        var fields = Fields()
        let new: Loaded
        do throws(Problems) {
            var draft = try Loaded.draft(loaded.settings)
            let file = SourceFile(name: name, bytes: bytes)
            if options.isRemoval { draft.removeRows(file) } else { draft.addRows(file) }
            new = try Loaded(loaded.settings, config: config, draft: draft)
        } catch {
            fields.set("problems", "\(error)".split(separator: "\n").map(String.init))
            return fields
        }
        if !options.isDryRun {
            do throws(DurableFile.Fault) {
                try DurableFile.replace(loaded.settings.overlayPath, new.imported.document)
            } catch {
                throw BusError(.storage, error.text)
            }
            put(new)
            let what = options.isRemoval ? "taken back" : "imported"
            journal.notice("\(name): \(what)", .imported, ["FILE": name])
        }
        fields.set("problems", [] as [String])
        fields.set("zones", new.imported.zones.count)
        fields.set("beacons", new.imported.beacons.count)
        return fields
    }

    var zoneNames: [String] { loaded.catalog.zones.map(\.id) }

    func export(_ what: String) throws(BusError) -> [UInt8] {
        switch what {
        case "beacons": return CatalogExport.csv(loaded.catalog.beacons)
        case "zones": return CatalogExport.csv(loaded.catalog.zones)
        default: throw BusError(.invalid, "\"\(what)\": expected beacons or zones")
        }
    }
}
