/// Whether everything that came in is accounted for.
extension Store {
    /// The account of each stage, measured against the file: both sides are counted apart from each
    /// other and come out even, also after a crash.
    ///
    /// - Throws: `.storage` while the database is failed, `.closed` after the end.
    public func ledgerAccounts() throws(OutboxError) -> [Account] {
        let measured = try attempt { ledger throws(DatabaseError) in
            try ledger.measuredAccounts()
        }
        var list = intake.accounts(inHand: inDoubt?.pack.looseItems.count ?? 0)
        list.append(handover(from: list))
        list += measured.map { account in
            guard case .sink(let name) = account.stage else { return account }
            var account = account
            account.beside = [.init(.handedOut, handedOut[name] ?? 0)]
            return account
        }
        mismatches = list.filter { $0.difference != 0 }
        return list
    }

    /// What the intake passed on, against what got a number.
    private func handover(from intake: [Account]) -> Account {
        let kept = intake.map { $0.went.first { $0.reason == .kept }?.count ?? 0 }
        var account = Account(.handover)
        account.came = [
            .init(.posts, kept.first ?? 0), .init(.requests, kept.last ?? 0),
            .init(.notices, Int64(noticeCount)), .init(.doubtful, Int64(doubtful)),
        ]
        account.went = [.init(.numbered, Int64(numbered + (ledger?.numbered ?? 0)))]
        return account
    }
}
