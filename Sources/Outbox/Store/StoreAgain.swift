/// What a service misses of what it was sent, and sending it now or once more.
extension Store {
    /// Tries a sink at once that waits after a fault: somebody has mended it.
    ///
    /// - Throws: `.setting` when there is no such sink.
    public func deliverNow(_ sink: String) throws(OutboxError) {
        guard let courier = couriers.first(where: { $0.name == sink }) else {
            throw OutboxError(.setting, "\(sink) is no sink")
        }
        courier.tryNow()
    }

    /// Holds what a service says it has against what counts as delivered to it.
    func compare(_ courier: Courier, _ load: Load, _ service: ServicePlace?) {
        places[courier.name] = service
        guard let service, !service.gaps.isEmpty else { return missed[courier.name] = nil }
        guard let last = load.reaches else { return }
        missed[courier.name] = try? attempt { ledger throws(DatabaseError) in
            try ledger.missed(by: courier.name, in: service.gaps, through: last)
        }
    }

    /// Delivers to a sink once more what is still kept, from a number on.
    ///
    /// - Returns: how many events wait for it that did not.
    /// - Throws: `.setting` when there is no such sink or number.
    public func deliverAgain(
        _ sink: String, from first: Int64 = 1
    ) throws(OutboxError) -> Int64 {
        guard (1...Ledger.numberLimit).contains(first) else {
            throw OutboxError(.setting, "\(first) is no number of an event: they begin with 1")
        }
        let now = settings.clock()
        let more = try attempt { ledger throws(DatabaseError) in
            try ledger.makingRoom(at: now) { () throws(DatabaseError) in
                try ledger.deliverAgain(sink, from: first)
            }
        }
        guard let more else { throw OutboxError(.setting, "\(sink) is no sink") }
        missed[sink] = nil
        publish([])
        for courier in couriers where courier.name == sink { courier.ring() }
        return more
    }
}
