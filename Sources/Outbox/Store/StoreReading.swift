internal import MQTT

/// What people and the daemon read, and change by hand.
extension Store {
    /// The most rows that are looked at for one page, so that nobody holds the store up for long.
    private static let rowsPerPage = 4_096

    /// A part of the kept events, oldest first.
    ///
    /// - Parameters:
    ///   - sequence: Events behind this one; `EventPage.through` of the page before to go on.
    ///   - unixNanoseconds: Only events that happened at this time or later.
    ///   - type: Only events of this type, or, when it ends with a dot, of those that begin with it;
    ///     nil for all.
    ///   - limit: The most events, up to 1,000.
    /// - Returns: the events, and where to go on.
    /// - Throws: `.storage` while the database is failed, `.closed` after the end.
    public func events(
        after sequence: Int64 = 0, notBefore unixNanoseconds: Int64 = .min, type: String? = nil,
        limit: Int = 100
    ) throws(OutboxError) -> EventPage {
        try attempt { ledger throws(DatabaseError) in
            try ledger.page(
                after: sequence, notBefore: unixNanoseconds, type: type,
                limit: min(max(1, limit), 1_000), rows: Self.rowsPerPage)
        }
    }

    /// The values of state whose keys begin with `prefix`.
    public func state(prefix: String = "") throws(OutboxError) -> [String: [UInt8]] {
        try attempt { ledger throws(DatabaseError) in try ledger.state(prefix: prefix) }
    }

    /// The events that sinks would not have, oldest first.
    public func rejected(limit: Int = 100) throws(OutboxError) -> [RejectedEvent] {
        try attempt { ledger throws(DatabaseError) in
            try ledger.rejections(limit: min(max(1, limit), 1_000)).map {
                RejectedEvent(
                    event: $0.event, sink: $0.sink, reason: $0.reason,
                    unixNanoseconds: $0.unixNanoseconds, isRetrying: $0.isRetrying)
            }
        }
    }

    /// Sends a rejected event again, to each sink that would not have it.
    public func retry(_ id: UniqueID) throws(OutboxError) {
        let count = try attempt { ledger throws(DatabaseError) in try ledger.retry(id) }
        guard count > 0 else { throw OutboxError(.unknownEvent, "\(id) is no rejected event") }
        for courier in couriers { courier.ring() }
    }

    /// Gives a rejected event up: it is kept for reading like any delivered one.
    public func drop(_ id: UniqueID) throws(OutboxError) {
        let count = try attempt { ledger throws(DatabaseError) in try ledger.drop(id) }
        guard count > 0 else { throw OutboxError(.unknownEvent, "\(id) is no rejected event") }
    }

    /// What the next delivery to a sink is made of; nil when there is no such sink.
    ///
    /// It may be out of date the moment it is made: another delivery may be under way.
    public func preview(_ sink: String) throws(OutboxError) -> SinkPreview? {
        guard let courier = couriers.first(where: { $0.name == sink }) else { return nil }
        let events = try attempt { ledger throws(DatabaseError) in
            guard let cursor = ledger.cursors[sink] else { return [] as [StoredEvent] }
            return try ledger.next(
                for: cursor, lane: .regular, limit: courier.settings.batch, bytes: 512 * 1_024)
        }.map(outward)
        switch courier.settings {
        case .http(let http):
            return HTTPSink.preview(
                of: events, http,
                at: settings.clock().unixNanoseconds.floorDivided(by: 1_000_000_000).quotient)
        case .file(let file):
            let lines = events.flatMap { $0.line + [UInt8(ascii: "\n")] }
            return SinkPreview(
                request: "append \(file.path)", headers: [], body: lines, count: events.count)
        case .mqtt(let mqtt):
            // A message each; what stands around the payload is told for the first.
            let lines = events.flatMap { $0.line + [UInt8(ascii: "\n")] }
            let topic = Topic.filled(
                mqtt.topic, hub: settings.hub, type: events.first?.event.type ?? "{type}")
            return SinkPreview(
                request: "publish to \(topic) at \(mqtt.url), a message for each line",
                headers: events.first.map { ["id: \($0.id)", "sequence: \($0.sequence)"] } ?? [],
                body: lines, count: events.count)
        }
    }

    /// How the store and the sinks are doing; while the database is failed, what is known without
    /// it.
    public func status() -> OutboxStatus {
        let now = settings.clock()
        let boot = BootClock.now()
        let counts = intake.counts
        return OutboxStatus(
            health: health, lastSequence: ledger?.lastSequence ?? 0, dropped: counts.dropped,
            shed: shed + (ledger?.shedCount ?? 0), refused: counts.refused,
            rejected: (try? attempt { ledger throws(DatabaseError) in
                Int(try ledger.database.number("SELECT count(*) FROM rejected"))
            }) ?? 0,
            fileSize: (FileSystem.length(of: settings.path) ?? 0)
                + (FileSystem.length(of: settings.path + "-wal") ?? 0),
            used: (try? attempt { ledger throws(DatabaseError) in try ledger.used }) ?? 0,
            salvages: salvages.map(\.updated), mismatches: mismatches,
            sinks: couriers.map { status(of: $0, now: now, boot: boot) })
    }

    private func status(of courier: Courier, now: EventTime, boot: Int64) -> SinkStatus {
        let cursor = ledger?.cursors[courier.name]?.sequence ?? 0
        let oldest = try? attempt { ledger throws(DatabaseError) in
            guard let cursor = ledger.cursors[courier.name] else { return nil as StoredEvent? }
            return try ledger.next(for: cursor, lane: .regular, limit: 1, bytes: .max).first
        }
        let report = courier.report.current
        return SinkStatus(
            name: courier.name, depth: ledger?.depths[courier.name] ?? 0,
            oldestAge: oldest.map { .nanoseconds($0.event.time.age(at: now)) }, cursor: cursor,
            express: max(cursor, ledger?.cursors[courier.name]?.express ?? 0),
            fault: report.fault, retryIn: report.retryAt.map { .nanoseconds(max(0, $0 - boot)) },
            failures: report.failures, lastDelivery: report.lastDelivery,
            service: places[courier.name], missed: missed[courier.name])
    }

    // MARK: Upkeep

    /// Retention and the reserve: a batch at a time, so that commits come in between.
    func upkeep(now: Int64) {
        let time = settings.clock()
        let retention = settings.retention.nanoseconds
        let retired = try? attempt { ledger throws(DatabaseError) in
            if ledger.isPinned { try ledger.restoreReserve() }
            return try ledger.retire(olderThan: retention, at: time)
        }
        reviewRoom()
        // Not while a backlog is being retired at full speed: once it is done.
        if retired != Ledger.trimBatch { _ = try? ledgerAccounts() }
        // Age is asked about once a minute, and at once while there is more to retire.
        upkeepAt = retired == Ledger.trimBatch ? now : now + 60_000_000_000
    }
}
