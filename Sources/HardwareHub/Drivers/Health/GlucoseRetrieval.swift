internal import BeaconScanner

/// Fetches the records of a glucose meter through its Record Access Control Point (2A52).
///
/// | step | asked | goes on with |
/// |---|---|---|
/// | count | how many records there are, from the last durable one on, or at all | report |
/// | report | those records | settle |
/// | settle | nothing: values that the answer has overtaken have 2 s to come | done, or count all |
///
/// Asking from the last durable record itself, not from the one behind it, brings one record too
/// many and with it the proof that the meter is still the one that was asked then. A meter that was
/// reset counts from 0 again, and one whose numbers came round begins with 0: neither has that
/// record, and all are asked for. So are they by a meter that cannot select.
///
/// Nothing is deleted on the meter. A record is durable together with its name, and `last` moves in
/// the same transaction: one keeps at a time, so that no refusal can be overtaken by a success. It
/// moves over records without a gap in their numbers; over a gap only when as many came as the meter
/// had counted, which a gap that its user made by deleting does not change.
struct GlucoseRetrieval: Sendable {
    /// How long a record or an answer is waited for, in nanoseconds: 30 s, as for any answer of an
    /// attribute protocol (Core 5.4, Vol 3, Part F, §3.3.3).
    static let patience: Int64 = 30_000_000_000
    /// How long values have that were overtaken by the answer, in nanoseconds: values and answers
    /// may come to us by different ways.
    static let settling: Int64 = 2_000_000_000
    /// Most records that are kept at once.
    static let batch = 32

    private enum Step: Hashable, Sendable {
        case new, counting, reporting, settling, done
    }

    private var memory: GlucoseMemory
    private var step = Step.new
    /// The record that is asked from; nil for all.
    private var anchor: GlucoseRecordID?
    /// What the meter has counted; nil when it does not count.
    private var announced: Int?
    /// What came in answer to the last report.
    private var arrived = GlucoseArrivals()
    /// What came in this connection and will be or is durable.
    private var taken: Set<GlucoseRecordID> = []
    private var join = GlucoseJoin()
    /// Whole and not yet handed out to be kept.
    private var queue: [GlucoseJoin.Record] = []
    /// What the memory is once that is durable which is being kept.
    private var inFlight: GlucoseMemory?
    /// Where `last` goes once all is durable; set by the end of the report.
    private var finalLast: GlucoseRecordID?
    /// What is to be asked.
    private var request: RecordAccess.Request?
    /// When patience ends.
    private(set) var deadline: BootTime?
    /// What was wrong, although all that came is kept.
    private(set) var verdict: DeviceFault?

    /// Makes a retrieval that goes on from what earlier connections left.
    init(_ stored: [String: [UInt8]]) { memory = GlucoseMemory(stored) }

    /// Whether the meter has said all it will.
    var isAnswered: Bool { step == .done }
    /// Whether besides all is durable that will be.
    var isDone: Bool { step == .done && queue.isEmpty && inFlight == nil && !hasToMove }

    private var hasToMove: Bool { finalLast != nil && finalLast != memory.last }

    // MARK: What happens

    /// Begins.
    mutating func start(at now: BootTime) {
        anchor = memory.last
        count(at: now)
    }

    /// What is to be asked now, once.
    mutating func nextRequest() -> RecordAccess.Request? {
        defer { request = nil }
        return request
    }

    /// A record came.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    mutating func record(_ bytes: [UInt8], at now: BootTime) throws(MalformedValue) {
        let record = try Glucose(bytes.span)
        guard step != .done else { return }
        wait(at: now)
        let id = GlucoseRecordID(record)
        arrived.insert(id)
        guard !memory.contains(id), taken.insert(id).inserted else {
            join.drop(contextOf: record.sequence)
            settle(at: now)
            return
        }
        queue += join.take(record, raw: RawValue(0x2a18, bytes))
        settle(at: now)
    }

    /// A context came.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there.
    mutating func context(_ bytes: [UInt8], at now: BootTime) throws(MalformedValue) {
        let context = try GlucoseContext(bytes.span)
        guard step != .done else { return }
        wait(at: now)
        if let whole = join.take(context, raw: RawValue(0x2a34, bytes)) {
            queue.append(whole)
        } else if arrived[context.sequence] != nil {
            // Its record is durable, or went on without it.
            join.drop(contextOf: context.sequence)
        }
        settle(at: now)
    }

    /// The meter answered.
    ///
    /// - Throws: `MalformedValue` for what is no answer, or not one to what was asked.
    mutating func response(_ bytes: [UInt8], at now: BootTime) throws(MalformedValue) {
        switch (step, try RecordAccess.Response(bytes.span)) {
        case (.counting, .count(let count)): counted(Int(count), at: now)
        case (.counting, .result(4, .noRecords)): counted(0, at: now)
        // It does not count: that is no reason not to ask.
        case (.counting, .result(4, _)): report(announced: nil, at: now)
        case (.reporting, .result(1, .success)):
            step = .settling
            deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.settling)
            settle(at: now)
        case (.reporting, .result(1, .noRecords)): finish(at: now)
        case (.reporting, .result(1, let result)): refused(result, at: now)
        default: throw .invalid("an answer to something that was not asked", at: 0)
        }
    }

    /// Time has passed.
    mutating func due(at now: BootTime) {
        guard let deadline, now >= deadline else { return }
        if step == .settling {
            finish(at: now)
        } else if step != .done {
            let count = announced.map { "\(arrived.count) of \($0) records" }
            end(
                DeviceFault(
                    .transient,
                    "nothing came for 30 s, after \(count ?? "\(arrived.count) records")"
                ))
        }
    }

    /// The connection has to end: what still waits for its context is asked for again another time.
    mutating func cancel() {
        guard step != .done else { return }
        verdict = DeviceFault(
            .transient, "the connection had to end before all records were here")
        step = .done
        deadline = nil
    }

    // MARK: Keeping

    /// What is to be kept next, unless something is being kept.
    mutating func next() -> (measurements: [Measurement], memory: [String: [UInt8]?])? {
        guard inFlight == nil else { return nil }
        let records = Array(queue.prefix(Self.batch))
        queue.removeFirst(records.count)
        let last =
            step == .done && queue.isEmpty ? finalLast ?? progress(records) : progress(records)
        guard !records.isEmpty || last.map({ $0 != memory.last }) ?? false else { return nil }
        var changed = memory
        let change = changed.add(records.map(\.id), last: last)
        inFlight = changed
        return (records.map(\.measurement), change)
    }

    /// What was to be kept is durable.
    mutating func kept() {
        guard let changed = inFlight else { return }
        inFlight = nil
        memory = changed
    }

    /// How far there is no gap, behind the record that was asked from, when some more are durable.
    private func progress(_ records: [GlucoseJoin.Record]) -> GlucoseRecordID? {
        guard let anchor, arrived.contains(anchor), var last = memory.last else { return nil }
        let more = Set(records.map(\.id))
        while last.sequence != .max, let next = arrived[last.sequence &+ 1],
            more.contains(next) || memory.contains(next)
        {
            last = next
        }
        return last
    }

    // MARK: Steps

    private mutating func wait(at now: BootTime) {
        if step != .settling {
            deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.patience)
        }
    }

    private mutating func count(at now: BootTime) {
        step = .counting
        announced = nil
        request = anchor.map { .count(from: $0.sequence) } ?? .countAll
        wait(at: now)
    }

    private mutating func counted(_ count: Int, at now: BootTime) {
        announced = count
        arrived = GlucoseArrivals()
        // Without any there is nothing to ask for: not even the record that was the last one.
        if count == 0 { finish(at: now) } else { report(announced: count, at: now) }
    }

    private mutating func report(announced count: Int?, at now: BootTime) {
        step = .reporting
        announced = count
        arrived = GlucoseArrivals()
        request = anchor.map { .report(from: $0.sequence) } ?? .reportAll
        wait(at: now)
    }

    private mutating func askForAll(at now: BootTime) {
        anchor = nil
        count(at: now)
    }

    /// Whether there may be records with numbers from 0 on that are newer than the one asked from:
    /// when the highest number came, unless by its time it was used up before.
    private func isRound(since anchor: GlucoseRecordID) -> Bool {
        guard let highest = arrived[.max] else { return false }
        guard let age = highest.age, let other = anchor.age else { return true }
        return age >= other
    }

    private mutating func refused(_ result: RecordAccess.Result, at now: BootTime) {
        // It cannot select: opcode, operator, operand.
        if anchor != nil, [2, 3, 4, 5, 9].contains(result.rawValue) { return askForAll(at: now) }
        let text = result.name ?? "result \(result.rawValue)"
        let isPassing = result.rawValue == 8 || result.rawValue == 7
        end(
            DeviceFault(
                isPassing ? .transient : .protocolError,
                "the meter did not report its records: \(text)"))
    }

    /// Ends as soon as nothing is missing.
    private mutating func settle(at now: BootTime) {
        guard step == .settling, !join.isWaiting, let announced, arrived.count >= announced else {
            return
        }
        finish(at: now)
    }

    private mutating func finish(at now: BootTime) {
        if let anchor, !arrived.contains(anchor) || isRound(since: anchor) {
            return askForAll(at: now)
        }
        queue += join.end()
        let isComplete = announced.map { arrived.count >= $0 } ?? arrived.isGapless
        if isComplete {
            finalLast = arrived.newest
        } else if let announced {
            verdict = DeviceFault(
                .protocolError,
                "\(announced) records announced, \(arrived.count) came\(arrived.missing)",
                mend: "they are asked for again at the next connection")
        }
        if verdict == nil, let stray = join.strays.first {
            verdict = DeviceFault(
                .protocolError, "2a34: a context of record \(stray), which did not come")
        }
        step = .done
        deadline = nil
    }

    /// Ends before all is here; what is here is kept, also what waits for a context that a meter
    /// which does not answer may never send.
    private mutating func end(_ fault: DeviceFault) {
        queue += join.end()
        verdict = fault
        step = .done
        deadline = nil
    }
}
