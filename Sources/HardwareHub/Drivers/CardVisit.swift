/// Reads one ETC card, from its first file to the last look at its balance, and ends in one result:
/// all of it, or nothing.
///
/// | step | commands in one message | goes on when |
/// |---|---|---|
/// | issue data | select 3F00, select DF01, read 0015 | it reads |
/// | balance | select DF01, 805C | it reads |
/// | transaction 1 … 10 | select DF01, record n of 0018 | it reads; 6a83 or an unused record ends the list |
/// | passage 1 … 10 | select DF01, record n of 0019 | the same; 6a82, 6981 and an unknown layout end the list too: some provinces have no such file |
/// | balance again | select DF01, 805C | it is the same |
/// | issue data again | select 3F00, select DF01, read 0015 | it is the same |
///
/// The application is selected in each message, because readers may switch the card off between
/// them; a card that was exchanged for another meanwhile shows in the last two steps.
struct CardVisit: Hashable, Sendable {
    /// The most records of a file that are read; cards keep 10 to 50 of them in a ring.
    static let mostRecords: UInt8 = 10

    /// Where the visit is.
    enum Step: Hashable, Sendable {
        case issue, balance
        case transaction(UInt8), passage(UInt8)
        case balanceAgain, issueAgain
    }

    /// How a visit ends.
    enum Result: Hashable, Sendable {
        /// All was read.
        case read(CardReading)
        /// The card refused a step.
        case refused(DeviceFault)
        /// What was read does not belong together: another card, or a balance that changed.
        case void(String)
    }

    private(set) var step = Step.issue {
        didSet { length = nil }
    }
    /// How many bytes the card says that this step's answer has; nil before it does.
    private var length: UInt8?
    private(set) var issue: CardIssue?
    /// Why the passages could not be read, where it is their layout.
    private(set) var oddPassage: MalformedValue?
    private var balance: CardBalance?
    private var records: [CardRecord] = []
    private var passages: [TollPassage] = []
    private var lastRecord: [UInt8] = []

    /// What to send the card now.
    var commands: [CardCommand] {
        switch step {
        case .issue, .issueAgain: [.selectMasterFile, .selectApplication, read(.readIssue)]
        case .balance, .balanceAgain: [.selectApplication, read(.readBalance)]
        case .transaction(let number): [.selectApplication, read(.readRecord(number))]
        case .passage(let number): [.selectApplication, read(.readPassage(number))]
        }
    }

    private func read(_ command: CardCommand) -> CardCommand {
        length.map(command.expecting) ?? command
    }

    /// The card answered the commands of this step.
    ///
    /// - Returns: how the visit ends; nil when it goes on with `commands`.
    mutating func answered(_ items: [ReaderReply.Item]) -> Result? {
        let count = UInt8(truncatingIfNeeded: commands.count)
        if let failed = items.first(where: { $0.number < count && !$0.status.isSuccess }) {
            return refused(commands[Int(max(failed.number, 1)) - 1], failed.status)
        }
        guard let item = items.last(where: { $0.number == count }) else {
            return .refused(
                DeviceFault(.protocolError, "\(step): the reader left out the card's answer"))
        }
        do throws(MalformedValue) {
            return item.status.isSuccess
                ? try took(item.data)
                : ended(by: item.status) ?? repeated(item.status)
                    ?? refused(commands.last, item.status)
        } catch {
            return .refused(DeviceFault(.protocolError, "\(step): \(error)"))
        }
    }

    private mutating func took(_ data: [UInt8]) throws(MalformedValue) -> Result? {
        switch step {
        case .issue:
            issue = try CardIssue(data.span)
            step = .balance
        case .balance:
            balance = try Self.balance(data)
            step = .transaction(1)
        case .transaction(let number):
            let record = try CardRecord(data.span)
            guard !record.isEmpty else {
                step = .passage(1)
                break
            }
            // No two transactions are alike; an answer may come twice.
            guard data != lastRecord else { return .void("the reader answered twice") }
            lastRecord = data
            records.append(record)
            step = number < Self.mostRecords ? .transaction(number + 1) : .passage(1)
        case .passage(let number): took(passage: data, number)
        case .balanceAgain:
            guard try Self.balance(data) == balance else {
                return .void("the balance changed while the card was read")
            }
            step = .issueAgain
        case .issueAgain:
            guard let issue, let balance, try CardIssue(data.span) == issue else {
                return .void("another card was put in while the first was read")
            }
            return .read(
                CardReading(issue: issue, balance: balance, records: records, passages: passages))
        }
        return nil
    }

    /// A balance, which has four bytes: a longer reply is another command's, whose first bytes are no
    /// money.
    private static func balance(_ data: [UInt8]) throws(MalformedValue) -> CardBalance {
        let balance = try CardBalance(data.span)
        guard data.count == 4 else {
            throw .invalid("there are more bytes than a balance has", at: 4)
        }
        return balance
    }

    private mutating func took(passage data: [UInt8], _ number: UInt8) {
        guard !data.allSatisfy({ $0 == 0 }), !data.allSatisfy({ $0 == 0xff }) else {
            step = .balanceAgain
            return
        }
        do throws(MalformedValue) {
            passages.append(try TollPassage(data.span))
            step = number < Self.mostRecords ? .passage(number + 1) : .balanceAgain
        } catch {
            oddPassage = error
            step = .balanceAgain
        }
    }

    /// Whether a status ends a list and not the visit; the outer nil is for no.
    private mutating func ended(by status: StatusWord) -> Result?? {
        switch (step, status.rawValue) {
        case (.transaction, 0x6a83):
            step = .passage(1)
            return .some(nil)
        case (.passage, 0x6a83), (.passage, 0x6a82), (.passage, 0x6981):
            step = .balanceAgain
            return .some(nil)
        default: return nil
        }
    }

    /// Asks once more, for as many bytes as the card says there are (ISO/IEC 7816-4, 5.3.4: 6Cxx); the
    /// outer nil is for another status, or for a card that says so again.
    private mutating func repeated(_ status: StatusWord) -> Result?? {
        guard let count = status.exactLength, length == nil else { return nil }
        length = count
        return .some(nil)
    }

    private func refused(_ command: CardCommand?, _ status: StatusWord) -> Result {
        let meaning = status.meaning.map { " (\($0))" } ?? ""
        let what =
            switch command {
            case .selectMasterFile?: ", selecting the master file"
            case .selectApplication?: ", selecting the toll application"
            default: ""
            }
        let mend =
            switch status.rawValue {
            case 0x6a82: "check that it is an ETC card"
            case 0x6a81, 0x6983, 0x9303: "have the card's issuer unlock it"
            default: "put the card in again"
            }
        return .refused(
            DeviceFault(
                .unsupported, "\(step)\(what): the card answers \(status)\(meaning)", mend: mend))
    }
}

extension CardVisit.Step: CustomStringConvertible {
    /// `transaction 3`.
    var description: String {
        switch self {
        case .issue: "issue data"
        case .balance: "balance"
        case .transaction(let number): "transaction \(number)"
        case .passage(let number): "passage \(number)"
        case .balanceAgain: "balance again"
        case .issueAgain: "issue data again"
        }
    }
}
