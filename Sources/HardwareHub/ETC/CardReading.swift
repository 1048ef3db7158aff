/// What was read of an ETC card in one visit; whole, or it is not made.
public struct CardReading: Hashable, Sendable {
    /// Who issued the card, its number and how long it is valid.
    public var issue: CardIssue
    /// What is on it.
    public var balance: CardBalance
    /// What it was loaded with and paid, newest first.
    public var records: [CardRecord]
    /// Where it passed, newest first.
    public var passages: [TollPassage]
    /// The reader's number, where it tells it.
    public var readerNumber: String?
    /// The charge of the reader's battery in percent, where it tells it.
    public var readerBattery: UInt8?

    /// Makes a reading.
    public init(
        issue: CardIssue, balance: CardBalance, records: [CardRecord], passages: [TollPassage],
        readerNumber: String? = nil, readerBattery: UInt8? = nil
    ) {
        self.issue = issue
        self.balance = balance
        self.records = records
        self.passages = passages
        self.readerNumber = readerNumber
        self.readerBattery = readerBattery
    }
}
