/// What came in answer to one request: each record once, however often it was sent.
struct GlucoseArrivals: Hashable, Sendable {
    private var records: Set<GlucoseRecordID> = []
    private var byNumber: [UInt16: GlucoseRecordID] = [:]
    private var first: GlucoseRecordID?
    private var last: GlucoseRecordID?
    /// Whether each had the number behind the one before.
    private(set) var isGapless = true

    /// The newest, which meters send last, and a few first. When all came, taking an older one for it
    /// costs sending some again, and nothing else.
    var newest: GlucoseRecordID? {
        guard let begin = first?.age, let end = last?.age, begin > end else { return last }
        return first
    }

    /// How many.
    var count: Int { records.count }

    /// Adds a record, unless it is there.
    mutating func insert(_ record: GlucoseRecordID) {
        guard records.insert(record).inserted else { return }
        if byNumber[record.sequence] == nil { byNumber[record.sequence] = record }
        if let last, record.sequence != last.sequence &+ 1 { isGapless = false }
        if first == nil { first = record }
        last = record
    }

    /// Whether a record came.
    func contains(_ record: GlucoseRecordID) -> Bool { records.contains(record) }

    /// The record with a number.
    subscript(number: UInt16) -> GlucoseRecordID? { byNumber[number] }

    /// `: number 5 is missing`, where a gap shows it; else empty.
    var missing: String {
        let numbers = byNumber.keys.sorted()
        for (low, high) in zip(numbers, numbers.dropFirst()) where high &- low > 1 {
            return high &- low == 2
                ? ": number \(low &+ 1) is missing"
                : ": numbers \(low &+ 1) to \(high &- 1) are missing"
        }
        return ""
    }
}
