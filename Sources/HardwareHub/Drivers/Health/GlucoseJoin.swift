/// Puts glucose records and their contexts together, in whatever order they come.
///
/// A record that announces a context is held until it is there or the meter has sent all it has; a
/// context that comes first is held for its record. At most 64 of each are held: beyond, the record
/// that waits longest goes without (`context-missing`), and the context is given up.
struct GlucoseJoin: Hashable, Sendable {
    /// Most records and most contexts that wait.
    static let most = 64

    /// A record, with all that belongs to it.
    struct Record: Hashable, Sendable {
        let id: GlucoseRecordID
        var measurement: Measurement
    }

    private struct Context: Hashable, Sendable {
        let context: GlucoseContext
        let raw: RawValue
    }

    private var records: [Record] = []
    private var contexts: [Context] = []
    /// Numbers of the contexts that no record was found for.
    private(set) var strays: [UInt16] = []

    /// Whether a record waits for its context.
    var isWaiting: Bool { !records.isEmpty }

    /// Takes a record.
    ///
    /// - Returns: the records that are whole now.
    mutating func take(_ record: Glucose, raw: RawValue) -> [Record] {
        var whole = Record(
            id: GlucoseRecordID(record), measurement: Measurement(record, raw: raw))
        if let index = contexts.firstIndex(where: { $0.context.sequence == record.sequence }) {
            let context = contexts.remove(at: index)
            whole.measurement.add(context.context, raw: context.raw)
            return [whole]
        }
        guard record.contextFollows else { return [whole] }
        records.append(whole)
        return records.count > Self.most ? [Self.incomplete(records.removeFirst())] : []
    }

    /// Takes a context.
    ///
    /// - Returns: the record that is whole now.
    mutating func take(_ context: GlucoseContext, raw: RawValue) -> Record? {
        if let index = records.firstIndex(where: { $0.id.sequence == context.sequence }) {
            var whole = records.remove(at: index)
            whole.measurement.add(context, raw: raw)
            return whole
        }
        contexts.append(Context(context: context, raw: raw))
        if contexts.count > Self.most { giveUp(contexts.removeFirst()) }
        return nil
    }

    /// Forgets a context that waits for a record that is durable already.
    mutating func drop(contextOf sequence: UInt16) {
        contexts.removeAll { $0.context.sequence == sequence }
    }

    /// Nothing follows.
    ///
    /// - Returns: the records that have to go without their context.
    mutating func end() -> [Record] {
        for context in contexts { giveUp(context) }
        contexts = []
        defer { records = [] }
        return records.map(Self.incomplete)
    }

    private mutating func giveUp(_ context: Context) {
        // Named in a fault, of which a few are enough.
        if strays.count < 8 { strays.append(context.context.sequence) }
    }

    private static func incomplete(_ record: Record) -> Record {
        var record = record
        record.measurement.status.append("context-missing")
        return record
    }
}
