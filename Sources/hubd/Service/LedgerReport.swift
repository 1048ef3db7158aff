import Configuration
import DBus
import EventLoop
import Outbox

/// What `hubctl ledger` shows: the account of each stage.
struct LedgerReport {
    let settings: Settings
    let accounts: [Account]

    @Hub
    func fields() -> Fields {
        var fields = Fields()
        fields.set("even", accounts.allSatisfy { $0.difference == 0 })
        fields.set("accounts", accounts.map(row))
        return fields
    }

    private func row(_ account: Account) -> Fields {
        var fields = Fields()
        fields.set("stage", account.stage.name(settings))
        fields.set("came", counts(account.came))
        fields.set("went", counts(account.went))
        if !account.beside.isEmpty { fields.set("beside", counts(account.beside)) }
        fields.set("difference", account.difference)
        return fields
    }

    private func counts(_ entries: [Account.Entry]) -> Fields {
        var fields = Fields()
        for entry in entries { fields.set(entry.reason.rawValue, entry.count) }
        return fields
    }
}

extension Account.Stage {
    /// The stage as people call it; sinks have the name of the configuration.
    func name(_ settings: Settings) -> String {
        switch self {
        case .posted: "intake of events"
        case .requested: "intake of calls"
        case .handover: "hand-over"
        case .numbers: "numbers"
        case .store: "store"
        case .sink(let address):
            "sink "
                + (settings.sinks.first { $0.outboxSettings.name == address }?.name ?? address)
        }
    }
}

extension HubProblem {
    /// Something came in and is not accounted for, or the other way round.
    init(_ account: Account, _ settings: Settings) {
        let stage = account.stage.name(settings)
        let amount = account.difference.magnitude
        self.init(
            part: "ledger of \(stage)",
            text: "\(amount) events \(account.difference > 0 ? "too few" : "too many") are "
                + "accounted for: in \(Account.text(account.came)), out "
                + "\(Account.text(account.went)); please report it with hubctl ledger --json")
    }
}
