/// Whether there is room, and who takes it.
extension Store {
    /// Looks again whether the store is full, and for what reason: the sinks it waited for may have
    /// got everything by now, or others may not.
    func reviewRoom() {
        guard let ledger else { return }
        switch pulse.state {
        case .well:
            if ledger.isPinned { pulse.enter(.full, fullReason) }
        case .full:
            if ledger.isPinned || isHeldFull(ledger) {
                pulse.enter(.full, fullReason)
            } else {
                pulse.enter(.well)
            }
        case .slow, .failed, .closed: break
        }
    }

    /// Whether the quota is used up by events that cannot go: those that every sink has go as soon
    /// as another needs their room.
    private func isHeldFull(_ ledger: Ledger) -> Bool {
        guard let used = try? ledger.used, used >= 0.99, let oldest = try? ledger.oldestKept()
        else {
            return false
        }
        return oldest > ledger.deliveredThrough
    }

    private func waitingSinks(_ ledger: Ledger) -> [String] {
        ledger.depths.filter { $0.value > 0 }.keys.sorted()
    }

    private func rejected(_ ledger: Ledger) -> Int64 {
        (try? ledger.database.number("SELECT count(DISTINCT sequence) FROM rejected")) ?? 0
    }

    /// Why there is no room, and the mend.
    var fullReason: String {
        guard let ledger, !ledger.isPinned else { return "the disk is full: free some space" }
        let sinks = waitingSinks(ledger)
        let rejected = rejected(ledger)
        let aside =
            "\(rejected) rejected \(rejected == 1 ? "event" : "events"): "
            + "send them again or give them up with hubctl outbox"
        if !sinks.isEmpty {
            return "the quota of the store is used up by events that "
                + sinks.joined(separator: " and ")
                + " has not got: mend that sink, or raise store.quota"
                + (rejected > 0 ? "; also by \(aside)" : "")
        }
        return rejected > 0
            ? "the quota of the store is used up by \(aside)"
            : "the quota of the store is used up: raise store.quota"
    }
}
