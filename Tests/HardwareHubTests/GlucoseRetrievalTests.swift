import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("Each record of a glucose meter is kept exactly once")
struct GlucoseRetrievalTests {
    static func numbers(_ session: HealthSession) -> [UInt32] {
        session.kept.compactMap(\.sequence).sorted()
    }

    static func fault(_ session: HealthSession) -> DeviceFault? {
        if case .failed(let fault)? = session.outcome { fault } else { nil }
    }

    @Test func subscriptionsComeBeforeTheFirstRequest() throws {
        let session = try GlucoseMeter(1...10, contexts: true).visit()
        #expect(
            Array(session.order.prefix(6)) == [
                "subscribe 2a18", "subscribe 2a34", "subscribe 2a52", "read 2a2b", "write 2a52",
                "write 2a52",
            ])
        #expect(session.order.contains("read 2a19"), "all else follows the records")
        #expect(session.written == [[4, 1], [1, 1]])
        #expect(session.outcome == .done)
        #expect(Self.numbers(session) == Array(1...10))
        #expect(session.kept.allSatisfy { $0.detailTexts.last == "meal before-meal" })
        #expect(session.kept.allSatisfy { $0.raw.count == 2 && $0.isFromMemory })
    }

    @Test func nextVisitAsksFromTheLastRecord() throws {
        let first = try GlucoseMeter(1...10).visit()
        var second = try GlucoseMeter(1...10).visit(first.memory)
        #expect(second.written == [[4, 3, 1, 10, 0], [1, 3, 1, 10, 0]])
        #expect(second.kept.isEmpty && second.outcome == .done)
        second = try GlucoseMeter(1...13).visit(second.memory)
        #expect(Self.numbers(second) == [11, 12, 13])
    }

    /// A meter that sends its newest record first is not asked for the same ones for ever.
    @Test func newestFirst() throws {
        var meter = GlucoseMeter(1...10)
        meter.shuffle = { $0.reversed() }
        let first = try meter.visit()
        meter.records += GlucoseMeter(11...13).records
        let second = try meter.visit(first.memory)
        #expect(second.written.last == [1, 3, 1, 10, 0] && Self.numbers(second) == [11, 12, 13])
        #expect(try meter.visit(second.memory).written.last == [1, 3, 1, 13, 0])
    }

    @Test func emptyMeterIsNoFault() throws {
        let session = try GlucoseMeter().visit()
        #expect(session.outcome == .done && session.kept.isEmpty && session.reports.isEmpty)
        var silent = GlucoseMeter()
        silent.counts = false
        #expect(try silent.visit().outcome == .done)
    }

    /// Contexts before their records, after all of them, backwards.
    @Test func contextsComeInAnyOrder() throws {
        func isContext(_ event: DeviceEvent, _ meter: GlucoseMeter) -> Bool {
            if case .value(meter.table.handle(0x2a34), _) = event { true } else { false }
        }
        var meter = GlucoseMeter(1...10, contexts: true)
        let table = meter
        let orders: [([DeviceEvent]) -> [DeviceEvent]] = [
            { $0.filter { !isContext($0, table) } + $0.filter { isContext($0, table) } },
            { $0.filter { isContext($0, table) } + $0.filter { !isContext($0, table) } },
            { $0.reversed() },
        ]
        var random = SeededGenerator(state: 1)
        for order in orders + [{ $0.shuffled(using: &random) }] {
            meter.shuffle = order
            let session = try meter.visit()
            #expect(Self.numbers(session) == Array(1...10) && session.outcome == .done)
            #expect(session.kept.allSatisfy { $0.raw.count == 2 && $0.status.isEmpty })
        }
    }

    @Test func contextThatNeverComesIsTold() throws {
        var meter = GlucoseMeter(1...3, contexts: true)
        meter.shuffle = { $0.enumerated().filter { $0.offset != 3 }.map(\.element) }
        let session = try meter.visit()
        #expect(session.outcome == .done)
        #expect(
            session.kept.sorted { $0.sequence ?? 0 < $1.sequence ?? 0 }.map(\.status)
                == [[], ["context-missing"], []])
        meter.shuffle = { $0.enumerated().filter { $0.offset != 2 }.map(\.element) }
        meter.overcount = 0
        let stray = try meter.visit()
        #expect(Self.fault(stray)?.text == "3 records announced, 2 came: number 2 is missing")
        meter.counts = false
        #expect(
            Self.fault(try meter.visit())?.text == "2a34: a context of record 2, which did not come"
        )
    }

    @Test func cutAtEveryEventNothingIsLost() throws {
        // Also when the newest record comes first.
        for (contexts, isReversed) in [(false, false), (true, false), (false, true), (true, true)] {
            var meter = GlucoseMeter(1...10, contexts: contexts)
            if isReversed { meter.shuffle = { $0.reversed() } }
            for cut in 0..<80 {
                var kept: [UInt32] = []
                let first = try meter.visit(cut: cut)
                kept += Self.numbers(first)
                let second = try meter.visit(first.memory, cut: cut + 7)
                kept += Self.numbers(second)
                let third = try meter.visit(second.memory)
                kept += Self.numbers(third)
                #expect(kept.sorted() == Array(1...10), "cut after \(cut)")
                #expect((first.kept + second.kept + third.kept).allSatisfy { $0.status.isEmpty })
                #expect(third.outcome == .done)
            }
        }
    }

    @Test func missingRecordIsNamedAndAskedForAgain() throws {
        var meter = GlucoseMeter(1...10)
        meter.lost = [5]
        let first = try meter.visit()
        #expect(Self.numbers(first) == [1, 2, 3, 4, 6, 7, 8, 9, 10])
        #expect(
            Self.fault(first)
                == DeviceFault(
                    .protocolError, "10 records announced, 9 came: number 5 is missing",
                    mend: "they are asked for again at the next connection"))
        meter.lost = []
        let second = try meter.visit(first.memory)
        #expect(Self.numbers(second) == [5] && second.outcome == .done)
        // The same behind a record that was the last one.
        meter = GlucoseMeter(1...16)
        meter.lost = [12, 13]
        let third = try meter.visit(second.memory)
        #expect(
            Self.fault(third)?.text == "7 records announced, 5 came: numbers 12 to 13 are missing")
        #expect(Self.numbers(third) == [11, 14, 15, 16])
        meter.lost = []
        let fourth = try meter.visit(third.memory)
        #expect(fourth.written.last == [1, 3, 1, 11, 0], "from the last one without a gap")
        #expect(Self.numbers(fourth) == [12, 13])
    }

    /// What its user deleted is not missing.
    @Test func gapThatTheMeterCountsIsNone() throws {
        let first = try GlucoseMeter([1, 2, 5, 9]).visit()
        #expect(first.outcome == .done && Self.numbers(first) == [1, 2, 5, 9])
        let second = try GlucoseMeter([1, 2, 5, 9, 12]).visit(first.memory)
        #expect(second.written.last == [1, 3, 1, 9, 0] && Self.numbers(second) == [12])
    }

    @Test func meterThatWasResetIsAskedForAll() throws {
        let first = try GlucoseMeter(1...10).visit()
        // Numbers begin anew, with newer base times: fewer than before, as many, and more.
        for count in [3, 10, 25] {
            let records = (1...count).map {
                GlucoseMeter.Record(sequence: UInt16($0), day: 500 + $0, hasContext: false)
            }
            let second = try GlucoseMeter(records).visit(first.memory)
            #expect(Self.numbers(second) == (1...count).map { UInt32($0) })
            #expect(second.outcome == .done)
            #expect(try GlucoseMeter(records).visit(second.memory).kept.isEmpty)
        }
        // With a clock that was reset too, so that the base times are older.
        let old = (0..<5).map {
            GlucoseMeter.Record(sequence: UInt16($0), day: 0, hasContext: false)
        }
        #expect(try GlucoseMeter(old).visit(first.memory).kept.count == 5)
    }

    @Test func numbersComeRound() throws {
        let first = try GlucoseMeter(65_530...65_533).visit()
        var second = try GlucoseMeter(65_530...65_539).visit(first.memory)
        #expect(second.outcome == .done)
        #expect(Self.numbers(second) == [0, 1, 2, 3, 65_534, 65_535])
        second = try GlucoseMeter(65_530...65_541).visit(second.memory)
        #expect(Self.numbers(second) == [4, 5] && second.written.last == [1, 3, 1, 3, 0])
    }

    @Test func meterThatCannotSelectOrCount() throws {
        for (selects, counts) in [(false, true), (true, false), (false, false)] {
            var meter = GlucoseMeter(1...10)
            meter.selects = selects
            meter.counts = counts
            let first = try meter.visit()
            meter.records += GlucoseMeter(11...12).records
            let second = try meter.visit(first.memory)
            #expect(Self.numbers(first) == Array(1...10) && first.outcome == .done)
            #expect(Self.numbers(second) == [11, 12] && second.outcome == .done)
        }
    }

    @Test func recordsThatComeTwiceAreKeptOnce() throws {
        var meter = GlucoseMeter(1...10, contexts: true)
        meter.shuffle = { $0.flatMap { [$0, $0] } + $0 }
        let session = try meter.visit()
        #expect(Self.numbers(session) == Array(1...10) && session.outcome == .done)
    }

    /// Values and answers come by different ways: an answer may be here first.
    @Test func answerThatOvertakesItsRecords() throws {
        for counts in [true, false] {
            var meter = GlucoseMeter(1...10, contexts: true)
            meter.counts = counts
            meter.isOvertaken = true
            let first = try meter.visit()
            #expect(Self.numbers(first) == Array(1...10) && first.outcome == .done)
            #expect(first.kept.allSatisfy { $0.raw.count == 2 })
            meter.records += GlucoseMeter(11...12).records
            let second = try meter.visit(first.memory)
            #expect(Self.numbers(second) == [11, 12])
            #expect(second.written.last == [1, 3, 1, 10, 0], "the meter is known again")
        }
    }

    @Test func refusalKeepsTheRecordOnTheMeter() throws {
        let meter = GlucoseMeter(1...40)
        var session = try meter.visit(cut: 30)
        #expect(!session.handed.isEmpty)
        session.hand(.refused(token: session.handed[0].token, reason: "the store is full"))
        #expect(Self.fault(session)?.faultClass == .storage)
        let second = try meter.visit(session.memory)
        #expect((Self.numbers(session) + Self.numbers(second)).sorted() == Array(1...40))
    }

    /// As many as no meter holds: what made place for others is not kept again either.
    @Test func moreRecordsThanAreRemembered() throws {
        var meter = GlucoseMeter(1...1500)
        meter.selects = false
        let first = try meter.visit()
        #expect(Self.numbers(first) == Array(1...1500))
        meter.records += GlucoseMeter(1501...1503).records
        let second = try meter.visit(first.memory)
        #expect(Self.numbers(second) == [1501, 1502, 1503])
        // What the hub grants a driver, with the fingerprints of a device that once was another
        // kind: 64 keys, 16,384 bytes.
        let pages = second.memory
        #expect(pages.count + 33 <= 64)
        #expect(pages.reduce(0) { $0 + $1.key.utf8.count + $1.value.count } < 10_000)
        #expect(pages.values.allSatisfy { $0.count <= 577 }, "what changes with a record is small")
    }

    @Test func meterThatFallsSilent() throws {
        for cut in 4..<12 {
            var session = try GlucoseMeter(1...10).visit(cut: cut)
            session.handed = []
            session.asked = []
            session.pass(29)
            #expect(session.outcome == nil)
            session.pass(40)
            while session.outcome == nil, !(session.asked.isEmpty && session.handed.isEmpty) {
                session.answer()
                session.store()
            }
            if cut < 11, session.outcome != nil {
                #expect(Self.fault(session)?.faultClass == .transient)
            }
        }
    }

    @Test func answersThatAreFaults() throws {
        for (code, faultClass) in [
            (2, .protocolError), (7, .transient), (8, .transient), (99, .protocolError),
        ] as [(UInt8, DeviceFault.Class)] {
            var session = try GlucoseMeter(1...2).visit(cut: 4)
            session.answer()
            session.send(0x2a52, [5, 0, 2, 0])
            session.answer()
            session.send(0x2a18, GlucoseMeter.bytes(GlucoseMeter(1...1).records[0]))
            session.send(0x2a52, [6, 0, 1, code])
            session.settle()
            #expect(Self.fault(session)?.faultClass == faultClass)
            #expect(Self.numbers(session) == [1])
        }
        var session = try GlucoseMeter(1...2).visit(cut: 4)
        session.send(0x2a52, [6, 0, 1, 1])
        #expect(
            session.reports.map(\.text) == [
                "2a52: byte 0: an answer to something that was not asked"
            ])
        session.refusing = [0x2a52: .refused(code: 0x80, text: "busy")]
        session.answer()
        #expect(
            Self.fault(session)?.text
                == "asking for records failed: refused with ATT error 80: busy")
    }

    @Test func endingKeepsWhatIsWhole() throws {
        let meter = GlucoseMeter(1...10)
        var session = try meter.visit(cut: 12)
        session.hand(.ending)
        session.settle()
        #expect(Self.fault(session)?.faultClass == .transient)
        let rest = try meter.visit(session.memory)
        #expect((Self.numbers(session) + Self.numbers(rest)).sorted() == Array(1...10))
    }

    /// Records, resets, refusals and cuts at random; a transaction of which the machine did not hear
    /// any more may have been made or not.
    @Test func whateverHappensEachRecordIsKeptOnce() throws {
        for seed in 1...150 as ClosedRange<UInt64> {
            var random = SeededGenerator(state: seed)
            var meter = GlucoseMeter()
            meter.selects = Int.random(in: 0..<4, using: &random) > 0
            meter.counts = Int.random(in: 0..<4, using: &random) > 0
            if Int.random(in: 0..<4, using: &random) == 0 { meter.shuffle = { $0.reversed() } }
            var next = [0, 65_530].randomElement(using: &random) ?? 0
            var day = 0
            var all: [GlucoseMeter.Record] = []
            var memory: [String: [UInt8]] = [:]
            var kept: [Measurement] = []
            for visit in 0..<8 {
                if Int.random(in: 0..<6, using: &random) == 0 {
                    meter.records = []
                    next = 0
                }
                for _ in 0..<Int.random(in: 0..<9, using: &random) {
                    day += 1
                    let record = GlucoseMeter.Record(
                        sequence: UInt16(truncatingIfNeeded: next), day: day,
                        hasContext: Bool.random(using: &random))
                    next += 1
                    meter.records.append(record)
                    all.append(record)
                }
                let isLast = visit == 7
                // A reset takes what was not fetched along: fetch all before one may happen.
                let session = try Self.run(meter, memory, isWhole: isLast, &random)
                memory = session.memory
                kept += session.kept
                if !isLast {
                    let rest = try Self.run(meter, memory, isWhole: false, &random)
                    memory = rest.memory
                    kept += rest.kept
                    let whole = try Self.run(meter, memory, isWhole: true, &random)
                    memory = whole.memory
                    kept += whole.kept
                    #expect(whole.outcome == .done, "seed \(seed)")
                }
            }
            let expected = all.map(GlucoseMeter.bytes)
            let got = kept.compactMap { $0.raw.first?.bytes }
            #expect(got.count == expected.count && Set(got) == Set(expected), "seed \(seed)")
            for measurement in kept {
                let announces = (measurement.raw.first?.bytes.first ?? 0) & 0x10 != 0
                #expect(measurement.raw.count == (announces ? 2 : 1), "seed \(seed)")
            }
        }
    }

    /// One connection whose events come in any order that is possible.
    private static func run(
        _ meter: GlucoseMeter, _ memory: [String: [UInt8]], isWhole: Bool,
        _ random: inout SeededGenerator
    ) throws -> HealthSession {
        var session = try HealthSession("glucose-meter", meter.table, memory: memory)
        var incoming: [DeviceEvent] = []
        var isDelivered = false
        session.connect()
        var left = isWhole ? Int.max : Int.random(in: 0..<60, using: &random)
        while session.outcome == nil, left > 0 {
            left -= 1
            switch Int.random(in: 0..<3, using: &random) {
            case 0 where !session.asked.isEmpty:
                if case .write(meter.table.handle(0x2a52), let bytes)? = session.asked.first,
                    !isDelivered
                {
                    incoming += meter.answer(bytes)
                    // What it brings may be here before it is answered itself.
                    isDelivered = Bool.random(using: &random)
                    if isDelivered { break }
                }
                isDelivered = false
                session.answer()
            case 1 where !incoming.isEmpty: session.hand(incoming.removeFirst())
            case 2 where !session.handed.isEmpty:
                if !isWhole, Int.random(in: 0..<10, using: &random) == 0 {
                    session.hand(
                        .refused(token: session.handed.removeFirst().token, reason: "full"))
                } else {
                    session.store()
                }
            default:
                if session.asked.isEmpty, incoming.isEmpty, session.handed.isEmpty {
                    session.pass(2)
                }
            }
        }
        // What was under way when the connection ended.
        while !session.handed.isEmpty {
            if isWhole || Bool.random(using: &random) {
                session.store(telling: false)
            } else {
                session.handed.removeFirst()
            }
        }
        return session
    }
}
