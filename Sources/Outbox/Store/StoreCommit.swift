internal import Glibc

/// Committing what waits.
extension Store {
    /// What goes into one transaction.
    struct Pack {
        var items: [Intake.Item] = []
        var weight = 0
        /// Drops that no notice has told of yet; the transaction begins with one.
        var dropped = 0

        var isEmpty: Bool { items.isEmpty && dropped == 0 }

        mutating func add(_ item: Intake.Item) {
            items.append(item)
            weight += item.weight
        }

        /// Its events, in order of arrival, behind the notice.
        func events(at now: EventTime) -> [Event] {
            var events: [Event] = []
            if dropped > 0 {
                events.append(.dropped(ranges: [], count: dropped, reason: "overload", at: now))
            }
            for item in items {
                switch item {
                case .request(let request): events += request.events
                case .loose(let event): events.append(event)
                }
            }
            return events
        }

        var state: [StateChange] { requests.flatMap(\.state) }

        var requests: [Intake.Request] {
            items.compactMap { if case .request(let request) = $0 { request } else { nil } }
        }

        var looseItems: [Intake.Item] {
            items.filter { if case .loose = $0 { true } else { false } }
        }
    }

    /// Commits what waits and is due, in as few transactions as the reserve allows.
    func commitWaiting(now: Int64) {
        guard ledger != nil else { return refuseRequests() }
        guard let (items, dropped) = intake.take(now: now) else { return }
        var pack = Pack(dropped: dropped)
        for item in items {
            if pack.weight + item.weight > Intake.heaviest {
                commit(pack)
                pack = Pack()
            }
            pack.add(item)
        }
        commit(pack)
    }

    /// Commits one pack, and answers those who wait for it.
    func commit(_ pack: Pack) {
        guard !pack.isEmpty else { return }
        // The pack before it may have failed.
        guard ledger != nil else { return giveUp(InDoubt(pack: pack)) }
        pulse.busy(since: BootClock.now())
        defer { pulse.busy(since: nil) }
        do throws(DatabaseError) {
            settle(pack, try write(pack))
        } catch {
            switch error.kind {
            case .full: fill(pack, error)
            case .corrupt, .disk, .locked, .moved, .newer, .other: recover(pack, from: error)
            }
        }
    }

    private func write(_ pack: Pack) throws(DatabaseError) -> [StoredEvent] {
        // Nobody else holds it: a failure has to close the file before it opens it again.
        guard let ledger else { throw DatabaseError(path: settings.path, errno: EBADF) }
        let now = settings.clock()
        let events = pack.events(at: now)
        let state = pack.state
        let stored = try ledger.makingRoom(at: now) { () throws(DatabaseError) in
            try ledger.append(events, state: state, at: now)
        }
        // Nothing is acknowledged that no file will have.
        try ledger.checkPlace()
        return stored
    }

    /// The pack is durable: tells its callers, the daemon and the sinks.
    func settle(_ pack: Pack, _ stored: [StoredEvent]) {
        let requested = pack.requests.reduce(0) { $0 + $1.events.count }
        intake.countKept(loose: pack.looseItems.count, requested: requested)
        noticeCount += pack.dropped > 0 ? 1 : 0
        var rest = stored.dropFirst(pack.dropped > 0 ? 1 : 0)
        for item in pack.items {
            switch item {
            case .loose: rest = rest.dropFirst()
            case .request(let request):
                let own = rest.prefix(request.events.count)
                rest = rest.dropFirst(request.events.count)
                let receipts = own.map { Receipt(sequence: $0.sequence, id: $0.id) }
                request.ticket.answer(.success(receipts))
            }
        }
        if ledger?.isPinned == false, pulse.state == .full { pulse.enter(.well) }
        publish(stored)
    }

    /// Tells of new events, behind the notices of what was dropped for them.
    func publish(_ stored: [StoredEvent]) {
        let notices = ledger?.notices ?? []
        ledger?.notices = []
        guard !notices.isEmpty || !stored.isEmpty else { return }
        settings.onCommit(notices + stored)
        for courier in couriers { courier.ring() }
    }

    /// There is no room for the whole pack: loose events go, and requests are tried one by one.
    func fill(_ pack: Pack, _ error: DatabaseError) {
        pulse.enter(.full, fullReason)
        intake.countUnreported(pack.dropped)
        intake.countDropped(pack.looseItems.count)
        let requests = pack.requests
        for request in requests {
            // The one before it may have failed.
            guard ledger != nil else {
                refuse(request, OutboxError(.storage, pulse.reason))
                continue
            }
            let part = Pack(items: [.request(request)], weight: request.weight)
            do throws(DatabaseError) {
                // Alone it was tried already.
                if requests.count == 1 && pack.items.count == 1 && pack.dropped == 0 { throw error }
                settle(part, try write(part))
            } catch {
                if error.kind == .full {
                    refuse(request, OutboxError(.full, pulse.reason))
                } else {
                    recover(part, from: error)
                }
            }
        }
        publish([])
    }

    /// Tells a caller that nothing of a request is kept.
    func refuse(_ request: Intake.Request, _ error: OutboxError) {
        intake.countRefused(request.events.count)
        request.ticket.answer(.failure(error))
    }

    /// Refuses what waits while there is no database; loose events wait on.
    private func refuseRequests() {
        for request in intake.takeRequests() {
            request.ticket.answer(.failure(OutboxError(.storage, pulse.reason)))
        }
    }
}

extension Intake.Item {
    /// What it takes of a transaction, in bytes.
    var weight: Int {
        switch self {
        case .request(let request): request.weight
        case .loose(let event): event.weight
        }
    }
}
