import Testing

@testable import Outbox

@Suite("A full store goes on, and nothing is dropped for nothing")
struct ShedTests {
    let scratch = Scratch()

    private func ledger(_ sinks: [String], quota: Int64 = 1 << 20) throws -> Ledger {
        let ledger = try Ledger(.test(scratch, quota: quota))
        try ledger.setSinks(sinks)
        return ledger
    }

    private func put(
        _ ledger: Ledger, _ eventClass: Event.Class, _ padding: Int, count: Int = 1
    ) throws(DatabaseError) -> [StoredEvent] {
        let events = (0..<count).map { Event.test($0, class: eventClass, padding: padding) }
        return try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
            try ledger.append(events, at: someTime)
        }
    }

    /// Fills a store with events of value until it takes no more.
    private func fill(_ ledger: Ledger, _ padding: Int = 300) -> DatabaseError? {
        while true {
            do throws(DatabaseError) {
                _ = try put(ledger, .value, padding)
            } catch {
                return error
            }
        }
    }

    private func expectEven(_ ledger: Ledger) throws {
        for account in try ledger.measuredAccounts() {
            #expect(account.difference == 0, "\(account)")
        }
        for (name, cursor) in ledger.cursors {
            #expect(try ledger.waiting(behind: cursor) == Int64(ledger.depths[name] ?? -1))
        }
        #expect(try ledger.database.number("SELECT count(*) FROM pragma_integrity_check") == 1)
        #expect(
            try ledger.database.number(
                """
                SELECT count(*) FROM rejected WHERE sequence NOT IN (SELECT sequence FROM event)
                """) == 0)
    }

    /// A sink that would not have one event after the other is heard, and the rest goes on; it stood
    /// still for want of a page for the note.
    @Test func aSinkIsHeardThoughOnlyValueIsLeft() throws {
        let ledger = try ledger(["a"])
        #expect(fill(ledger)?.kind == .full)
        for event in try ledger.events(after: 0, limit: 1_000) {
            try ledger.noting(at: someTime) { () throws(DatabaseError) in
                try ledger.reject("a", event, reason: "not this one", at: someTime)
            }
        }
        try ledger.noting(at: someTime) { () throws(DatabaseError) in
            try ledger.confirm("a", through: ledger.lastSequence, place: 0)
        }
        #expect(try put(ledger, .value, 300).count == 1)
        try expectEven(ledger)
        let pages = try ledger.database.number("PRAGMA page_count")
        #expect(pages <= ledger.notePages)
    }

    /// Whatever the quota was before, and whatever the events are like, each can be refused.
    @Test(arguments: [1, 100, 600], [1 << 20, 4 << 20])
    func eachOfAFullStoreCanBeRefused(padding: Int, before: Int64) throws {
        let name = "https:https://sync.example.org/v1/hubs/store-0042/events"
        #expect(fill(try ledger([name], quota: before), padding)?.kind == .full)
        let ledger = try ledger([name])
        let events = try ledger.events(after: 0, limit: before == 1 << 20 ? .max : 2_000)
        for event in events {
            try ledger.noting(at: someTime) { () throws(DatabaseError) in
                try ledger.reject(
                    name, event, reason: "HTTP 422: the value is not one that is taken",
                    at: someTime)
            }
        }
        #expect(ledger.count(.shedPresence) + ledger.count(.shedTelemetry) == 0)
        try expectEven(ledger)
    }

    /// For one event there goes what it needs and a little, however large the others are.
    @Test(arguments: [3_000, 20_000, 60_000]) func notAllForOne(padding: Int) throws {
        let ledger = try ledger(["a"], quota: 4 << 20)
        while ledger.shedCount == 0 { _ = try put(ledger, .telemetry, padding) }
        #expect(ledger.shedCount * padding < 2 * Int(Ledger.spanHeaviest))
        try expectEven(ledger)
    }

    /// What is too scattered to be worth it by its kind goes together with the other kinds.
    @Test func kindsGoTogether() throws {
        let ledger = try ledger(["a", "b"])
        let kinds: [(eventClass: Event.Class, isRejected: Bool)] = [
            (.telemetry, false), (.presence, false), (.telemetry, true), (.presence, true),
        ]
        var refusal: DatabaseError?
        var number = 0
        while refusal == nil {
            number += 1
            let kind = number % 4 == 0 ? kinds[number / 4 % 4] : (.value, isRejected: false)
            do throws(DatabaseError) {
                let stored = try put(ledger, kind.eventClass, 1)
                guard let event = stored.last else { continue }
                // "b" has nothing, so all that is not set aside waits.
                try ledger.noting(at: someTime) { () throws(DatabaseError) in
                    try ledger.confirm("a", through: event.sequence - 1, place: 0)
                    guard kind.isRejected else { return }
                    try ledger.reject("a", event, reason: "no", at: someTime)
                }
            } catch  where kind.eventClass == .value {
                refusal = error
            } catch {
                // Value has room where this has none.
            }
        }
        let loose = try Double(ledger.rows(.presence) + ledger.rows(.telemetry))
        #expect(try loose / (loose + Double(ledger.rows(.value))) < 0.1)
        try expectEven(ledger)
    }

    /// Each number that is gone is told of once, also of those that gave way while it was told that
    /// they are too old.
    @Test func whatGaveWayIsNotTooOld() throws {
        let ledger = try ledger(["a"])
        var number = 0
        var free: Int64 = 1
        while try free > 0 || ledger.database.number("PRAGMA page_count") < ledger.quotaPages {
            number += 1
            _ = try put(ledger, number % 2 == 0 ? .value : .telemetry, 300)
            free = try ledger.database.number("PRAGMA freelist_count")
        }
        let cursor = try #require(ledger.cursors["a"])
        let value = try ledger.next(for: cursor, lane: .express, limit: .max, bytes: .max)
        let newest = try #require(value.last?.sequence)
        try ledger.confirm("a", through: newest, place: 0, lane: .express)
        let old = try ledger.next(
            for: try #require(ledger.cursors["a"]), lane: .regular, limit: 512, bytes: .max
        ).prefix { $0.event.eventClass != .value }.map(\.sequence)
        let last = try #require(old.last)
        try ledger.noting(at: someTime) { () throws(DatabaseError) in
            try ledger.confirm("a", through: last, place: 0, expired: old, at: someTime)
        }
        #expect(ledger.shedCount > 0)
        let told = try ledger.events(after: 0, limit: .max).flatMap(\.event.droppedRanges)
            .flatMap { Array($0) }
        #expect(Set(told).count == told.count)
        #expect(ledger.accounts["a"]?.confirmed == Int64(value.count))
        try expectEven(ledger)
    }

    /// The first events that could go free nothing, as they lie among large ones; those behind do.
    @Test func aBarrenBeginningIsPassedOver() throws {
        let ledger = try ledger(["a"], quota: 4 << 20)
        for number in 0..<110 {
            _ = try put(
                ledger, number % 16 == 0 ? .telemetry : .value, number % 16 == 0 ? 10 : 18_000)
        }
        let beginning = ledger.lastSequence
        while ledger.shedCount == 0 { _ = try put(ledger, .telemetry, 1_500) }
        for _ in 0..<100 { _ = try put(ledger, .value, 3_000) }
        #expect(try ledger.rows(.telemetry, through: beginning) >= 5)
        try expectEven(ledger)
    }

    /// Where dropping frees no page, nothing is dropped for a request that is refused.
    @Test func nothingIsDroppedForNothing() throws {
        let ledger = try ledger(["a"])
        // Each page holds six of value, and the room between them one of telemetry.
        var number = 0
        var refusal: DatabaseError?
        while refusal == nil {
            number += 1
            let isLoose = number % 40 == 0
            do throws(DatabaseError) {
                _ = try put(ledger, isLoose ? .telemetry : .value, isLoose ? 1 : 300)
            } catch {
                refusal = error
            }
        }
        let free = { try ledger.database.number("PRAGMA freelist_count") }
        let (kept, before) = (try ledger.rows(.telemetry), try free())
        #expect(throws: DatabaseError.self) { try put(ledger, .value, 200_000) }
        let dropped = kept - (try ledger.rows(.telemetry))
        #expect(try dropped == 0 || free() > before)
        try expectEven(ledger)
    }

    /// What gave way last waits for its turn again when it is no longer set aside.
    @Test(arguments: ["drop", "accept", "forget the sink"])
    func whatIsNoLongerRejectedGivesWay(how: String) throws {
        let ledger = try ledger(["a", "b"])
        var loose: [StoredEvent] = []
        for _ in 0..<10 { loose += try put(ledger, .telemetry, 200, count: 100) }
        for event in loose { try ledger.reject("a", event, reason: "no", at: someTime) }
        while ledger.count(.shedTelemetry) == 0 { _ = try put(ledger, .value, 200) }
        switch how {
        case "drop":
            for entry in try ledger.rejections(limit: .max) { _ = try ledger.drop(entry.event.id) }
        case "accept":
            for entry in try ledger.rejections(limit: .max) {
                try ledger.accept("a", entry.event)
            }
        default: try ledger.setSinks(["b"])
        }
        #expect(fill(ledger, 200)?.kind == .full)
        #expect(try ledger.rows(.telemetry) < 32)
        try expectEven(ledger)
    }

    /// Rows of a damaged file come in any order, and need more room than they had.
    @Test(arguments: [1, 3, 10]) func aFullStoreIsSalvaged(oneOf share: Int) async throws {
        do {
            let ledger = try ledger(["a"])
            var number = 0
            var isRefused = false
            while !isRefused {
                number += 1
                let isValue = number % share == 0
                do throws(DatabaseError) {
                    _ = try put(ledger, isValue ? .value : .telemetry, number * 7 % 400)
                } catch {
                    isRefused = isValue
                }
            }
        }
        var bytes = scratch.bytes("hubd.db")
        for place in 49 * 4_096..<50 * 4_096 { bytes[place] = 0xa5 }
        bytes[100..<200] = ArraySlice(repeating: 0xa5, count: 100)
        try scratch.write(bytes, to: "hubd.db")
        let store = try await Store.open(.test(scratch, quota: 1 << 20))
        #expect(await store.status().salvages.count == 1)
        #expect(store.health.state != .failed)
        #expect(try await store.audit().count > 1_000)
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// Pages that are free still hold the rows that were on them. Nothing is told of and there.
    @Test func whatGaveWayDoesNotComeBack() async throws {
        do {
            let ledger = try ledger(["a"])
            while ledger.shedCount == 0 { _ = try put(ledger, .telemetry, 100, count: 10) }
            #expect(try ledger.database.number("PRAGMA freelist_count") > 0)
        }
        let settings = StoreSettings.test(scratch, quota: 1 << 20)
        let (ledger, report) = try Salvage(settings: settings, cause: "a test").run()
        let kept = try ledger.events(after: 0, limit: .max)
        #expect(report.events == kept.count)
        #expect(ledger.count(.mended) == 0)
        let gone = kept.flatMap(\.event.droppedRanges)
        #expect(gone.numberCount == 256)
        #expect(!kept.contains { event in gone.contains { $0.contains(event.sequence) } })
        try expectEven(ledger)
    }
}
