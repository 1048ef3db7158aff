/// What a salvage found besides events: the rows of the small tables.
struct SalvageFinds {
    var state: [String: (value: [UInt8], revision: Int64)] = [:]
    var cursors: [String: Ledger.Cursor] = [:]
    var rejections: [(sequence: Int64, sink: String, reason: String, time: Int64)] = []
    var hubs: [Int64: String] = [:]
    var lastSequence: Int64?
    var tallies: [Tally: Int64] = [:]
    /// Numbers that notices among the events tell of.
    var explained: [ClosedRange<Int64>] = []
    /// Those of them whose events gave way.
    var gaveWay: [ClosedRange<Int64>] = []

    /// Whether it can be the sequence of an event, or 0 for none.
    private static func isNumber(_ value: Int64) -> Bool {
        (0..<Ledger.numberLimit).contains(value)
    }

    /// Notes what events that were saved tell of others.
    mutating func add(_ events: [StoredEvent]) {
        for event in events.map(\.event) {
            let ranges = event.droppedRanges
            explained += ranges
            if event.isDropped(reason: Event.noRoom) { gaveWay += ranges }
        }
    }

    /// Drops the counts that are higher than any number that can have been used.
    mutating func bound(by last: Int64) {
        cursors = cursors.filter { $1.sequence <= last && $1.express <= last }
        if let found = lastSequence, found > last { lastSequence = nil }
    }

    /// Notes a row of one of the small tables.
    mutating func add(_ row: LeafPage.Row) {
        switch row.columns.count {
        case 2: addPair(row)
        case 3, Ledger.sinkColumns:
            guard case .text(let name) = row.columns[0], case .integer(let cursor) = row.columns[1],
                case .integer(let place) = row.columns[2], Self.isNumber(cursor), place >= 0
            else { return }
            let key = String(decoding: name, as: UTF8.self)
            // Stale images are further behind.
            if cursors[key].map({ $0.sequence < cursor }) ?? true {
                var found = Ledger.Cursor(sequence: cursor, place: place)
                if row.columns.count > 3, case .integer(let express) = row.columns[3],
                    Self.isNumber(express)
                {
                    found.express = express
                }
                cursors[key] = found
            }
        case 4:
            guard case .text(let key) = row.columns[0], case .blob(let value) = row.columns[1],
                case .integer(let revision) = row.columns[2],
                case .integer(let checksum) = row.columns[3]
            else { return }
            let change = StateChange(key: String(decoding: key, as: UTF8.self), value: value)
            guard change.checksum == checksum, revision >= state[change.key]?.revision ?? 0 else {
                return
            }
            state[change.key] = (value, revision)
        case 5:
            guard case .integer(let sequence) = row.columns[0],
                case .text(let sink) = row.columns[1],
                case .text(let reason) = row.columns[2], case .integer(let time) = row.columns[3]
            else { return }
            rejections.append(
                (
                    sequence, String(decoding: sink, as: UTF8.self),
                    String(decoding: reason, as: UTF8.self), time
                ))
        default: return
        }
    }

    /// `hub` has its number as the rowid, `sqlite_sequence` a name and a number.
    private mutating func addPair(_ row: LeafPage.Row) {
        if case .null = row.columns[0], case .text(let id) = row.columns[1] {
            hubs[row.rowid] = String(decoding: id, as: UTF8.self)
        } else if case .text(let name) = row.columns[0], name.elementsEqual("event".utf8),
            case .integer(let sequence) = row.columns[1], Self.isNumber(sequence)
        {
            lastSequence = max(lastSequence ?? 0, sequence)
        } else if case .text(let name) = row.columns[0], case .integer(let count) = row.columns[1],
            let tally = Tally(rawValue: String(decoding: name, as: UTF8.self)),
            Self.isNumber(count), tally != .mended
        {
            // They only grow, so stale images have less.
            tallies[tally] = max(tallies[tally] ?? 0, count)
        }
    }
}
