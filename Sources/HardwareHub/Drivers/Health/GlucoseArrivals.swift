/// What came in answer to one request: each record once, however often it was sent.
struct GlucoseArrivals: Hashable, Sendable {
    private var records: Set<GlucoseRecordID> = []
    private var byNumber: [UInt16: GlucoseRecordID] = [:]
    /// The one that came last.
    private(set) var last: GlucoseRecordID?
    /// Whether each had the number behind the one before.
    private(set) var isGapless = true

    /// How many.
    var count: Int { records.count }

    /// Adds a record, unless it is there.
    mutating func insert(_ record: GlucoseRecordID) {
        guard records.insert(record).inserted else { return }
        if byNumber[record.sequence] == nil { byNumber[record.sequence] = record }
        if let last, record.sequence != last.sequence &+ 1 { isGapless = false }
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
