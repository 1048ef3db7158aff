/// Carrying events to the sinks.
extension Store {
    /// Each sink has a thread; the unit allows 16.
    public static let mostSinks = 8

    /// What a courier is to deliver.
    struct Load: Sendable {
        var events: [StoredEvent]
        /// The sink's cursor.
        var cursor: Ledger.Cursor
        /// Whether it is a rejected event that somebody wants sent again.
        var isRetry = false
        /// The way that the events take.
        var lane = Lane.regular
        /// Instead of events, numbers of those that have grown too old for the sink.
        var expired: [Int64] = []
        /// The newest number when this is all that waits; then no notice of what will not come is
        /// still to come.
        var reaches: Int64?
    }

    /// Which events a courier wants.
    enum LaneChoice: Equatable {
        /// The oldest, always.
        case onlyRegular
        /// Those of a lane, if there are some.
        case prefer(Lane)
        /// Those that it got last, because it is not done with them.
        case stay(Lane)
    }

    /// Delivers to these sinks from now on, and to no others.
    ///
    /// A sink that is gone loses its backlog and its rejected events, unless another takes its place;
    /// a new one begins with what the sink furthest behind has not got, and the first sink of all
    /// with every kept event. One whose settings changed goes on where it was, once what it was doing
    /// has ended.
    ///
    /// - Returns: what no sink gets any more.
    /// - Throws: `.setting` when one of them cannot be used; then nothing has changed.
    @discardableResult
    public func deliver(
        to sinks: [SinkSettings]
    ) async throws(OutboxError) -> [AbandonedBacklog] {
        guard sinks.count <= Self.mostSinks, Set(sinks.map(\.name)).count == sinks.count else {
            throw OutboxError(
                .setting, "sinks: at most \(Self.mostSinks), each with an address of its own")
        }
        var added: [Courier] = []
        for sink in sinks where !couriers.contains(where: { $0.settings == sink }) {
            do throws(SinkFault) {
                added.append(
                    try Courier(sink, store: self, clock: settings.clock, backoff: settings.backoff)
                )
            } catch {
                throw OutboxError(.setting, error.text)
            }
        }
        let abandoned = try begin(added, for: sinks.map(\.name))
        // Nothing fails from here on.
        let gone = couriers.filter { courier in !sinks.contains(courier.settings) }
        couriers.removeAll { courier in gone.contains { $0 === courier } }
        retiring += gone
        let kept = couriers.map(\.settings)
        for courier in gone {
            let farewell = StateFarewell(
                of: courier.settings, kept: kept, added: added.map(\.settings), hub: settings.hub)
            courier.finish(by: BootClock.now(), farewell)
        }
        couriers += added
        for courier in added { courier.ring() }
        publish([])
        let order = sinks.map(\.name)
        couriers.sort {
            (order.firstIndex(of: $0.name) ?? 0) < (order.firstIndex(of: $1.name) ?? 0)
        }
        return abandoned
    }

    /// Starts the threads of new couriers and notes the sinks, or does neither. Until a courier
    /// counts as one of the store it gets nothing to deliver.
    private func begin(
        _ added: [Courier], for names: [String]
    ) throws(OutboxError) -> [AbandonedBacklog] {
        do throws(OutboxError) {
            for courier in added {
                guard startCourier(courier) else {
                    throw OutboxError(
                        .storage,
                        "no thread for sink \(courier.name): the machine has none left, "
                            + "see TasksMax and LimitNOFILE of the unit")
                }
            }
            let now = settings.clock()
            // A full store takes it as well: another sink may be what it waits for.
            return try attempt { ledger throws(DatabaseError) in
                try ledger.noting(at: now) { () throws(DatabaseError) in
                    try ledger.setSinks(names)
                }
            }
        } catch {
            for courier in added { courier.finish(by: BootClock.now()) }
            throw error
        }
    }

    // MARK: For couriers

    /// What a courier is to deliver next; nil when there is nothing.
    func load(
        for courier: Courier, _ limits: DeliveryLimits, isProbe: Bool,
        _ choice: LaneChoice = .onlyRegular
    ) -> Load? {
        guard couriers.contains(where: { $0 === courier }), !isHeldUp(courier) else { return nil }
        let load = try? attempt { ledger throws(DatabaseError) in
            guard let cursor = ledger.cursors[courier.name] else { return nil as Load? }
            guard !isProbe else {
                let start = max(cursor.sequence, ledger.lastSequence - 1)
                let events = try ledger.events(after: start, limit: 1)
                return events.isEmpty ? nil : Load(events: events, cursor: cursor)
            }
            if let again = try ledger.rejections(limit: 1, retryingFor: courier.name).first {
                return Load(events: [again.event], cursor: cursor, isRetry: true)
            }
            // A backlog that fits in one delivery is no backlog: order is worth more then.
            let isDeep = ledger.depths[courier.name] ?? 0 > limits.events
            if choice == .stay(.express) || choice == .prefer(.express) && isDeep {
                let events = try ledger.next(
                    for: cursor, lane: .express, limit: limits.events, bytes: limits.bytes)
                if !events.isEmpty { return Load(events: events, cursor: cursor, lane: .express) }
            }
            return try regularLoad(for: courier, cursor, limits, ledger)
        }
        guard var load else { return nil }
        load.events = load.events.map(outward)
        if let ledger, !isProbe, ledger.depths[courier.name] ?? 0 <= load.events.count {
            load.reaches = ledger.lastSequence
        }
        handedOut[courier.name, default: 0] += Int64(load.events.count)
        return load
    }

    /// An event as it leaves the box; nothing goes to a sink but by way of here.
    func outward(_ stored: StoredEvent) -> StoredEvent {
        var stored = stored
        stored.event = settings.outward(stored.event)
        // A service goes by the hub that speaks to it, and numbers are one series (decision 20).
        stored.hub = settings.hub
        return stored
    }

    private func regularLoad(
        for courier: Courier, _ cursor: Ledger.Cursor, _ limits: DeliveryLimits, _ ledger: Ledger
    ) throws(DatabaseError) -> Load? {
        guard let age = courier.settings.maxAge?.nanoseconds else {
            let events = try ledger.next(
                for: cursor, lane: .regular, limit: limits.events, bytes: limits.bytes)
            return events.isEmpty ? nil : Load(events: events, cursor: cursor)
        }
        let now = settings.clock()
        let events = try ledger.next(
            for: cursor, lane: .regular, limit: max(limits.events, Self.expiredAtOnce),
            bytes: limits.bytes)
        let old = events.prefix { $0.isTooOld(age, at: now) }
        if !old.isEmpty {
            return Load(events: [], cursor: cursor, expired: old.map(\.sequence))
        }
        let young = events.prefix(limits.events).prefix { !$0.isTooOld(age, at: now) }
        return young.isEmpty ? nil : Load(events: Array(young), cursor: cursor)
    }

    /// Events that are passed over at once because of their age; one notice tells of them.
    private static let expiredAtOnce = 512

    /// Whether the courier has to wait: its predecessor, with other settings, may still be writing
    /// to the same sink or broker.
    func isHeldUp(_ courier: Courier) -> Bool {
        retiring.contains { $0.settings.isInTheWay(of: courier.settings) }
    }

    /// The sink has these events, and all that `service` says; whether that is durable.
    func confirm(
        _ courier: Courier, _ load: Load, place: Int64, service: ServicePlace? = nil
    ) -> Bool {
        guard let last = load.events.last?.sequence else { return true }
        let isNoted = note(courier, load) { ledger throws(DatabaseError) in
            try ledger.confirm(courier.name, through: last, place: place, lane: load.lane)
        }
        if isNoted { compare(courier, load, service) }
        return isNoted
    }

    /// The sink is not to have these events any more; whether that is durable.
    func expire(_ courier: Courier, _ load: Load) -> Bool {
        guard let last = load.expired.last else { return true }
        let now = settings.clock()
        return note(courier, load) { ledger throws(DatabaseError) in
            try ledger.confirm(
                courier.name, through: last, place: load.cursor.place, expired: load.expired,
                at: now)
        }
    }

    /// The sink would not have this event; whether that is durable.
    func reject(
        _ courier: Courier, _ load: Load, _ event: StoredEvent, _ fault: SinkFault, lane: Lane?
    ) -> Bool {
        let now = settings.clock()
        return note(courier, load) { ledger throws(DatabaseError) in
            try ledger.reject(courier.name, event, reason: fault.text, lane: lane, at: now)
        }
    }

    /// What was set aside for a sink since it last took an event.
    func streak(of courier: Courier) -> [Lane: [Int64]] {
        (try? attempt { ledger throws(DatabaseError) in try ledger.streak(of: courier.name) })
            ?? [:]
    }

    /// The sink took an event it had rejected; whether that is durable.
    func accept(_ courier: Courier, _ event: StoredEvent) -> Bool {
        note(courier) { ledger throws(DatabaseError) in try ledger.accept(courier.name, event) }
    }

    /// The sink, not its events, was at fault; whether that is durable.
    func takeBack(_ courier: Courier, _ rejected: [Lane: [Int64]]) -> Bool {
        note(courier) { ledger throws(DatabaseError) in
            try ledger.takeBack(courier.name, rejected)
        }
    }

    /// A courier has ended.
    func courierFinished(_ courier: Courier) {
        couriers.removeAll { $0 === courier }
        retiring.removeAll { $0 === courier }
        for successor in couriers where courier.settings.isInTheWay(of: successor.settings) {
            successor.ring()
        }
        // The turn after this job ends the closing that waits for the last one.
    }

    /// Notes something for a courier that still counts; nothing of a load when the cursor was moved
    /// while it was under way, because then it is due again.
    private func note(
        _ courier: Courier, _ load: Load? = nil, _ write: (Ledger) throws(DatabaseError) -> Void
    ) -> Bool {
        guard couriers.contains(where: { $0 === courier }) else { return true }
        if let load, let cursor = ledger?.cursors[courier.name], cursor != load.cursor {
            return true
        }
        let now = settings.clock()
        let isNoted: Void? = try? attempt { ledger throws(DatabaseError) in
            try ledger.noting(at: now) { () throws(DatabaseError) in try write(ledger) }
        }
        publish([])
        reviewRoom()
        return isNoted != nil
    }

    /// Does something with the open file; damage and failures of the disk close it.
    func attempt<Result>(
        _ body: (Ledger) throws(DatabaseError) -> Result
    ) throws(OutboxError) -> Result {
        guard let ledger else {
            throw OutboxError(pulse.state == .closed ? .closed : .storage, pulse.reason)
        }
        pulse.busy(since: BootClock.now())
        defer { pulse.busy(since: nil) }
        do throws(DatabaseError) {
            return try body(ledger)
        } catch {
            switch error.kind {
            case .full, .locked, .newer, .other: break
            case .corrupt, .disk, .moved:
                fail(error)
                reopenAt = BootClock.now()
            }
            throw error.outboxError
        }
    }
}

extension StoredEvent {
    /// Whether the event is presence or telemetry and older than so many nanoseconds, as far as
    /// the clocks tell.
    fileprivate func isTooOld(_ limit: Int64, at now: EventTime) -> Bool {
        guard event.eventClass != .value,
            event.time.boot == now.boot || event.time.isSynchronized && now.isSynchronized
        else { return false }
        return event.time.age(at: now) > limit
    }
}
