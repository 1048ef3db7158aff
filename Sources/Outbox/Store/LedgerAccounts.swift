/// Keeping the accounts: what is counted, and whether it comes out even.
extension Ledger {
    /// Runs `body` in one transaction together with what it counts.
    func accounted<Result>(
        _ body: (inout Counts) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        var counts = Counts()
        let result = try database.transaction { () throws(DatabaseError) in
            let result = try body(&counts)
            for (tally, count) in counts.store where count != 0 {
                try tallying.run(.text(tally.rawValue), .integer(count))
            }
            for (name, account) in counts.sinks { try write(account, of: name) }
            return result
        }
        for (tally, count) in counts.store { tallies[tally, default: 0] += count }
        for (name, account) in counts.sinks where accounts[name] != nil {
            accounts[name] = (accounts[name] ?? SinkAccount()) + account
        }
        return result
    }

    private func write(_ account: SinkAccount, of name: String) throws(DatabaseError) {
        try accounting.run(
            .text(name), .integer(account.base), .integer(account.confirmed),
            .integer(account.givenUp), .integer(account.shed), .integer(account.expired))
    }

    /// Reads the counts of the store.
    func loadTallies() throws(DatabaseError) {
        tallies = [:]
        let rows = try database.prepare("SELECT name, count FROM tally")
        while try rows.step() {
            if let tally = Tally(rawValue: rows.text(0)) { tallies[tally] = rows.integer(1) }
        }
    }

    /// A count of the store.
    func count(_ tally: Tally) -> Int64 { tallies[tally] ?? 0 }

    /// All events that got a number while accounts were kept.
    var committed: Int64 {
        Event.Class.allCases.reduce(0) { $0 + count(.committed($1)) }
    }

    // MARK: Counting rows

    /// How many events of a class are kept behind a number, up to another.
    func rows(
        _ eventClass: Event.Class, after: Int64 = 0, through: Int64 = .max
    ) throws(DatabaseError) -> Int64 {
        defer { counting.reset() }
        return try counting.first(
            .integer(Int64(eventClass.rawValue)), .integer(after), .integer(through))
            ? counting.integer(0) : 0
    }

    /// How many events a sink has not got, of those up to a number.
    func waiting(
        behind cursor: Cursor, through: Int64 = .max
    ) throws(DatabaseError) -> Int64 {
        try rows(.value, after: max(cursor.sequence, cursor.express), through: through)
            + rows(.presence, after: cursor.sequence, through: through)
            + rows(.telemetry, after: cursor.sequence, through: through)
    }

    // MARK: The accounts

    /// The accounts of numbers, store and sinks, against what is in the file.
    func measuredAccounts() throws(DatabaseError) -> [Account] {
        var numbers = Account(.numbers)
        numbers.came = [.init(.used, lastSequence)]
        numbers.went = [
            .init(.value, count(.committedValue)), .init(.presence, count(.committedPresence)),
            .init(.telemetry, count(.committedTelemetry)), .init(.earlier, count(.earlier)),
            .init(.skipped, count(.skipped)),
        ]
        var store = Account(.store)
        store.came = [.init(.committed, committed), .init(.mended, count(.mended))]
        store.went = [
            .init(.retired, count(.retired)), .init(.shedTelemetry, count(.shedTelemetry)),
            .init(.shedPresence, count(.shedPresence)), .init(.lost, count(.lost)),
            .init(.keptValue, try rows(.value)), .init(.keptPresence, try rows(.presence)),
            .init(.keptTelemetry, try rows(.telemetry)),
        ]
        var list = [numbers, store]
        for (name, cursor) in cursors.sorted(by: { $0.key < $1.key }) {
            list.append(try account(of: name, cursor))
        }
        return list
    }

    private func account(
        of name: String, _ cursor: Cursor
    ) throws(DatabaseError) -> Account {
        let kept = accounts[name] ?? SinkAccount()
        var account = Account(.sink(name))
        account.came = [.init(.due, kept.base + committed)]
        account.went = [
            .init(.confirmed, kept.confirmed), .init(.rejected, try rejected(by: name)),
            .init(.givenUp, kept.givenUp), .init(.expired, kept.expired),
            .init(.shed, kept.shed), .init(.waiting, try waiting(behind: cursor)),
        ]
        return account
    }

    /// How many events a sink would not have that are kept for it.
    func rejected(by name: String) throws(DatabaseError) -> Int64 {
        let rows = try database.prepare("SELECT count(*) FROM rejected WHERE sink = ?1")
        return try rows.first(.text(name)) ? rows.integer(0) : 0
    }

    // MARK: A new beginning

    /// Sets the accounts right after a salvage: what the counts of the damaged file leave
    /// unexplained is told as `mended`, and sinks begin anew.
    func settleAccounts(
        found: [Tally: Int64], lost: Int, skipped: Int
    ) throws(DatabaseError) {
        var sums = found
        sums[.lost, default: 0] += Int64(lost)
        sums[.skipped, default: 0] += Int64(skipped)
        func sum(_ tallies: [Tally]) -> Int64 { tallies.reduce(0) { $0 + (sums[$1] ?? 0) } }
        let used: [Tally] = [.committedValue, .committedPresence, .committedTelemetry]
        if sum(used + [.earlier, .skipped]) > lastSequence {
            // More than there can be: nothing of it is to be relied upon.
            sums = [.skipped: Int64(skipped), .lost: Int64(lost)]
        }
        sums[.earlier, default: 0] += lastSequence - sum(used + [.earlier, .skipped])
        let kept = try database.number("SELECT count(*) FROM event")
        sums[.mended] =
            sum([.retired, .shedPresence, .shedTelemetry, .lost]) + kept - sum(used)
        try database.transaction { () throws(DatabaseError) in
            try database.execute("DELETE FROM tally")
            for (tally, count) in sums where count != 0 {
                try tallying.run(.text(tally.rawValue), .integer(count))
            }
            for (name, cursor) in cursors {
                let base =
                    try waiting(behind: cursor) + rejected(by: name) - sum(used)
                try database.prepare(
                    """
                    UPDATE sink SET base = ?2, confirmed = 0, given_up = 0, shed = 0, expired = 0
                    WHERE name = ?1
                    """
                ).run(.text(name), .integer(base))
            }
        }
        try reload()
    }
}
