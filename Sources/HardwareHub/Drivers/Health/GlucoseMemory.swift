/// What names a record of a glucose meter: its number, and the base time of the record, which tells
/// it from one that had the number before the meter was reset or the numbers came round.
struct GlucoseRecordID: Hashable, Sendable {
    let sequence: UInt16
    let baseTime: DateTime

    /// The bytes in memory: number (2, lowest byte first), base time (7).
    var bytes: [UInt8] {
        [UInt8(truncatingIfNeeded: sequence), UInt8(truncatingIfNeeded: sequence >> 8)]
            + baseTime.bytes
    }

    init(_ record: Glucose) {
        sequence = record.sequence
        baseTime = record.baseTime
    }

    /// Reads nine bytes; nil for another size and for all ones, which stand for no record.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 9, bytes.contains(where: { $0 != 0xff }) else { return nil }
        sequence = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        baseTime = DateTime(
            year: UInt16(bytes[2]) | UInt16(bytes[3]) << 8, month: bytes[4], day: bytes[5],
            hour: bytes[6], minute: bytes[7], second: bytes[8])
    }

    /// A number that grows with the base time; nil for one that is no time.
    var age: UInt64? {
        guard baseTime.isComplete, baseTime.isValid else { return nil }
        let parts = [baseTime.month, baseTime.day, baseTime.hour, baseTime.minute, baseTime.second]
        return parts.reduce(UInt64(baseTime.year)) { $0 << 8 | UInt64($1) }
    }
}

/// Which records of a meter are durable here.
///
/// | key of the memory | bytes |
/// |---|---|
/// | `glucose.last` | version 1, name of the record to ask from (9) |
/// | `glucose.next` | version 1, number of the slot that is written next (2) |
/// | `glucose.0` … `glucose.15` | version 1, 64 names of records (9 each; all ones for none) |
///
/// `last` only says where to begin: all records up to it are durable. The names say which records
/// are, one by one, so that whatever a meter sends again, and for whatever reason, is not kept again:
/// the last 1,024, as many as the meters with the most memory hold. In pages, so that what changes
/// with a record is small. What is not of this form counts as empty.
struct GlucoseMemory: Hashable, Sendable {
    /// How many records are known by name.
    static let slots = pages * pageSize
    private static let pages = 16
    private static let pageSize = 64
    private static let version: UInt8 = 1

    /// The record up to which all are durable; nil as long as that is not known of any.
    private(set) var last: GlucoseRecordID?
    private var names: [GlucoseRecordID?]
    private var known: Set<GlucoseRecordID>
    private var next: Int

    /// Reads what earlier connections left.
    init(_ memory: [String: [UInt8]]) {
        func versioned(_ key: String) -> ArraySlice<UInt8>? {
            guard let bytes = memory[key], bytes.first == Self.version else { return nil }
            return bytes.dropFirst()
        }
        last = versioned("glucose.last").flatMap { GlucoseRecordID($0) }
        let position = Array(versioned("glucose.next") ?? [])
        next =
            position.count == 2
            ? (Int(position[0]) | Int(position[1]) << 8) % Self.slots : 0
        var names: [GlucoseRecordID?] = []
        for page in 0..<Self.pages {
            let bytes = versioned("glucose.\(page)") ?? []
            guard bytes.count == Self.pageSize * 9 else {
                names += [GlucoseRecordID?](repeating: nil, count: Self.pageSize)
                continue
            }
            for slot in 0..<Self.pageSize {
                names.append(GlucoseRecordID(bytes.dropFirst(slot * 9).prefix(9)))
            }
        }
        self.names = names
        known = Set(names.compactMap { $0 })
    }

    /// Whether a record is durable.
    ///
    /// When all the names are taken, a record that is older than all of them is taken to have been
    /// one of those that made place for others.
    func contains(_ record: GlucoseRecordID) -> Bool {
        if known.contains(record) { return true }
        guard known.count == Self.slots, let age = record.age,
            let oldest = known.compactMap(\.age).min()
        else { return false }
        return age < oldest
    }

    /// Adds records and moves `last`.
    ///
    /// - Returns: the change of the stored memory, empty when nothing changes.
    mutating func add(
        _ records: [GlucoseRecordID], last newLast: GlucoseRecordID?
    ) -> [String: [UInt8]?] {
        var change: [String: [UInt8]?] = [:]
        var touched: Set<Int> = []
        for record in records where !known.contains(record) {
            if let old = names[next] { known.remove(old) }
            names[next] = record
            known.insert(record)
            touched.insert(next / Self.pageSize)
            next = (next + 1) % Self.slots
        }
        for page in touched {
            let slots = names[(page * Self.pageSize)..<((page + 1) * Self.pageSize)]
            let none = [UInt8](repeating: 0xff, count: 9)
            change["glucose.\(page)"] = [Self.version] + slots.flatMap { $0?.bytes ?? none }
        }
        if !touched.isEmpty {
            change["glucose.next"] = [
                Self.version, UInt8(truncatingIfNeeded: next), UInt8(truncatingIfNeeded: next >> 8),
            ]
        }
        if let newLast, newLast != last {
            last = newLast
            change["glucose.last"] = [Self.version] + newLast.bytes
        }
        return change
    }
}
