import Testing

@testable import Outbox

@Suite("The ledger keeps what sinks need, and no longer")
struct LedgerTests {
    let scratch = Scratch()

    private func ledger(hub: String = "store-0042", quota: Int64 = 8 << 20) throws -> Ledger {
        var settings = StoreSettings.test(scratch, quota: quota)
        settings.hub = hub
        return try Ledger(settings)
    }

    private func later(days: Int64, isSynchronized: Bool = true) -> EventTime {
        var time = someTime
        time.unixNanoseconds += days * 86_400 * 1_000_000_000
        time.isSynchronized = isSynchronized
        return time
    }

    private let week: Int64 = 7 * 86_400 * 1_000_000_000

    // MARK: Sinks

    @Test func theFirstSinkGetsEverythingKept() throws {
        let ledger = try ledger()
        _ = try ledger.append([.test(1), .test(2)], at: someTime)
        try ledger.setSinks(["a"])
        #expect(ledger.cursors == ["a": Ledger.Cursor(sequence: 0, place: 0)])
        #expect(ledger.depths == ["a": 2])
    }

    @Test func aNewSinkBeginsWhereTheLastStands() throws {
        let ledger = try ledger()
        _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["a", "b"])
        try ledger.confirm("a", through: 8, place: 80)
        try ledger.confirm("b", through: 5, place: 50)
        try ledger.setSinks(["a", "b", "c"])
        #expect(ledger.cursors["c"] == Ledger.Cursor(sequence: 5, place: 0))
        #expect(ledger.depths == ["a": 2, "b": 5, "c": 5])
    }

    /// A sink that moved to another address takes over what the old address has not got.
    @Test func aMovedSink() throws {
        let ledger = try ledger()
        _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["old"])
        try ledger.confirm("old", through: 4, place: 0)
        try ledger.setSinks(["new"])
        #expect(ledger.cursors == ["new": Ledger.Cursor(sequence: 4, place: 0)])
        #expect(ledger.deliveredThrough == 4)
    }

    /// What the old address would not have is sent to the new one; what nobody takes over is told.
    @Test func whatAMovedSinkWouldNotHave() throws {
        let ledger = try ledger()
        let stored = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["http:old", "file:f"])
        try ledger.reject("http:old", stored[0], reason: "404", at: someTime)
        try ledger.reject("file:f", stored[0], reason: "odd", at: someTime)
        // This one waits for the new one anyway, as "file:f" has not got so far.
        try ledger.confirm("http:old", through: 4, place: 0)
        try ledger.reject("http:old", stored[4], reason: "404", at: someTime)
        #expect(try ledger.setSinks(["http:new", "file:f"]) == [])
        #expect(ledger.depths == ["http:new": 9, "file:f": 9])
        let again = try ledger.rejections(limit: 10, retryingFor: "http:new")
        #expect(again.map(\.event.sequence) == [1])
        #expect(try ledger.rejections(limit: 10).count == 2)
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
        #expect(
            try ledger.setSinks(["file:f"])
                == [AbandonedBacklog(sink: "http:new", waiting: 9, rejected: 1)])
        // Two that go with one in their place: what both would not have goes to it once.
        try ledger.setSinks(["http:c", "http:d"])
        for sink in ["http:c", "http:d"] {
            for event in stored[..<2] {
                try ledger.reject(sink, event, reason: "no", at: someTime)
            }
        }
        #expect(try ledger.setSinks(["file:f"]) == [])
        #expect(try ledger.rejections(limit: 10, retryingFor: "file:f").count == 2)
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
        // One of another kind in its place is an heir as well, when it is the only one.
        #expect(try ledger.setSinks(["mqtt:m"]) == [])
        #expect(try ledger.rejections(limit: 10, retryingFor: "mqtt:m").count == 2)
        #expect(
            try ledger.setSinks([]) == [AbandonedBacklog(sink: "mqtt:m", waiting: 8, rejected: 2)])
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
    }

    // MARK: The id

    /// Under its new id the numbers that were delivered before are no gap, once.
    @Test func aRenamedHub() throws {
        do {
            let ledger = try ledger(hub: "debian")
            _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
            try ledger.noteRename(at: someTime)
            try ledger.setSinks(["a", "b"])
            try ledger.confirm("a", through: 7, place: 0)
            try ledger.confirm("b", through: 4, place: 0)
            #expect(ledger.lastSequence == 10)
        }
        for _ in 0..<2 {
            let ledger = try ledger(hub: "store-0042")
            try ledger.noteRename(at: someTime)
            #expect(ledger.lastSequence == 11)
            let notice = try #require(try ledger.events(after: 10, limit: 2).first)
            #expect(notice.hub == "store-0042")
            #expect(notice.event.droppedRanges == [1...4])
            #expect(ledger.depths == ["a": 4, "b": 7])
            #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
        }
        // Also when the newest that is kept is from before.
        do {
            let ledger = try ledger(hub: "store-0042")
            let old = try #require(try ledger.events(after: 7, limit: 1).first)
            try ledger.reject("a", old, reason: "no", at: someTime)
            for sink in ["a", "b"] { try ledger.confirm(sink, through: 11, place: 0) }
            #expect(try ledger.trimDelivered(limit: 99) == 10)
        }
        let ledger = try ledger(hub: "store-0042")
        try ledger.noteRename(at: someTime)
        #expect(ledger.lastSequence == 11)
    }

    /// What left under the present id is missed when the service has not got it, whenever it happened.
    @Test func whatIsMissedOfARenamedHub() throws {
        do {
            let ledger = try ledger(hub: "debian")
            try ledger.setSinks(["a"])
            _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
            try ledger.confirm("a", through: 4, place: 0)
        }
        let ledger = try ledger(hub: "store-0042")
        try ledger.noteRename(at: someTime)
        try ledger.confirm("a", through: 10, place: 0)
        let missed = try ledger.missed(by: "a", in: [3...7], through: 10)
        #expect(missed == MissedEvents(count: 3, first: 5))
    }

    /// Before the first sink there is nothing to tell: everything leaves under the new id.
    @Test func aHubThatIsSetUp() throws {
        do {
            let ledger = try ledger(hub: "debian")
            _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        }
        let ledger = try ledger(hub: "store-0042")
        try ledger.noteRename(at: someTime)
        #expect(ledger.lastSequence == 10)
    }

    @Test func aRemovedSinkHoldsNothingBack() throws {
        let ledger = try ledger()
        let stored = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["a", "b"])
        try ledger.confirm("a", through: 10, place: 0)
        try ledger.reject("b", stored[0], reason: "400", at: someTime)
        #expect(ledger.deliveredThrough == 1)
        try ledger.setSinks(["a"])
        #expect(ledger.deliveredThrough == 10)
        #expect(try ledger.rejections(limit: 10).isEmpty)
    }

    @Test func cursorsOnlyGoForward() throws {
        let ledger = try ledger()
        _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["a"])
        try ledger.confirm("a", through: 7, place: 70)
        try ledger.confirm("a", through: 3, place: 30)
        try ledger.confirm("nobody", through: 9, place: 90)
        #expect(ledger.cursors == ["a": Ledger.Cursor(sequence: 7, place: 70)])
    }

    /// Cursors, depths and rejections are the same after opening again.
    @Test func allIsFoundAgain() throws {
        do {
            let ledger = try ledger()
            let stored = try ledger.append((0..<10).map { .test($0) }, at: someTime)
            try ledger.setSinks(["a"])
            try ledger.confirm("a", through: 3, place: 30)
            try ledger.reject("a", stored[3], reason: "no", at: someTime)
        }
        let ledger = try ledger()
        #expect(ledger.cursors == ["a": Ledger.Cursor(sequence: 4, place: 30)])
        #expect(ledger.depths == ["a": 6])
        let rejection = try #require(try ledger.rejections(limit: 10).first)
        #expect(rejection.event.sequence == 4)
        #expect(rejection.reason == "no")
        #expect(rejection.sink == "a")
    }

    // MARK: Retention

    @Test func deliveredEventsAreKeptForAWeek() throws {
        let ledger = try ledger()
        _ = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        _ = try ledger.append([.test(10, time: later(days: 3))], at: someTime)
        try ledger.setSinks(["a"])
        try ledger.confirm("a", through: 11, place: 0)
        #expect(try ledger.retire(olderThan: week, at: later(days: 7)) == 0)
        #expect(try ledger.retire(olderThan: week, at: later(days: 8)) == 10)
        #expect(try ledger.events(after: 0, limit: 100).map(\.sequence) == [11])
        // The counting goes on.
        #expect(try ledger.append([.test(1)], at: someTime).first?.sequence == 12)
    }

    @Test func undeliveredAndRejectedEventsStay() throws {
        let ledger = try ledger()
        let stored = try ledger.append((0..<10).map { .test($0) }, at: someTime)
        try ledger.setSinks(["a"])
        try ledger.confirm("a", through: 2, place: 0)
        try ledger.reject("a", stored[2], reason: "no", at: someTime)
        try ledger.confirm("a", through: 5, place: 0)
        #expect(try ledger.retire(olderThan: week, at: later(days: 99)) == 4)
        #expect(try ledger.events(after: 0, limit: 100).map(\.sequence) == [3, 6, 7, 8, 9, 10])
    }

    /// A clock that nobody set says nothing about age; neither does an event of such a time.
    @Test func ageNeedsAClock() throws {
        let ledger = try ledger()
        _ = try ledger.append([.test(1)], at: someTime)
        #expect(
            try ledger.retire(olderThan: week, at: later(days: 9_000, isSynchronized: false)) == 0)
        var wrong = later(days: -20_000)
        wrong.isSynchronized = false
        _ = try ledger.append([.test(2, time: wrong)], at: someTime)
        _ = try ledger.append([.test(3, time: later(days: 30))], at: someTime)
        #expect(try ledger.retire(olderThan: week, at: later(days: 30)) == 1)
        #expect(try ledger.events(after: 0, limit: 9).map(\.sequence) == [2, 3])
    }

    @Test func halfTheQuotaIsForDeliveredEvents() throws {
        let ledger = try ledger(quota: 1 << 20)
        for _ in 0..<40 {
            _ = try ledger.append((0..<40).map { .test($0, padding: 200) }, at: someTime)
        }
        #expect(try ledger.used > 0.5)
        var retired = 0
        while true {
            let count = try ledger.retire(olderThan: week, at: someTime)
            if count == 0 { break }
            retired += count
        }
        #expect(retired > 0 && retired < 1_600)
        #expect(try ledger.used <= 0.5)
    }

    // MARK: Room

    /// Telemetry goes before presence, presence before value, the oldest first; sequence numbers
    /// stay explained.
    @Test func whatGivesWayFirst() throws {
        let ledger = try ledger(quota: 1 << 20)
        try ledger.setSinks(["a"])
        var value = 0
        _ = try ledger.append(
            (0..<300).map { .test($0, class: .presence, padding: 300) }, at: someTime)
        _ = try ledger.append(
            (0..<300).map { .test($0, class: .telemetry, padding: 300) }, at: someTime)
        func fill(until isEnough: () throws -> Bool) throws {
            while try !isEnough() {
                _ = try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
                    try ledger.append((0..<20).map { .test($0, padding: 300) }, at: someTime)
                }
                value += 20
            }
        }
        func count(_ eventClass: Event.Class) throws -> Int64 {
            try ledger.database.number(
                "SELECT count(*) FROM event WHERE class = \(eventClass.rawValue)")
        }
        try fill { ledger.shedCount > 0 }
        #expect(try count(.telemetry) == 300 - 256)
        #expect(try count(.presence) == 300)
        try fill { ledger.shedCount > 300 }
        #expect(try count(.telemetry) == 0)
        #expect(try count(.presence) == 300 - 256)
        let full = #expect(throws: DatabaseError.self) { try fill { false } }
        #expect(full?.kind == .full)
        #expect(try count(.presence) == 0)
        let notices = ledger.notices
        #expect(try count(.value) == Int64(value + notices.count))
        #expect(ledger.depths["a"] == value + notices.count)
        let first = try #require(notices.first)
        #expect(
            String(decoding: first.event.data, as: UTF8.self)
                == #"{"reason":"no room","count":256,"first":301,"last":556,"ranges":[[301,556]]}"#)
    }

    // MARK: Opening

    /// Events keep the hub they happened on.
    @Test func anotherHub() throws {
        do {
            _ = try ledger(hub: "old").append([.test(1)], at: someTime)
        }
        let ledger = try ledger(hub: "new")
        _ = try ledger.append([.test(2)], at: someTime)
        #expect(try ledger.events(after: 0, limit: 9).map(\.hub) == ["old", "new"])
    }

    @Test func aNewerSchemaIsRefused() throws {
        do {
            try ledger().database.execute("PRAGMA user_version = \(Schema.version + 1)")
        }
        let error = #expect(throws: DatabaseError.self) { try ledger() }
        #expect(error?.kind == .newer)
        #expect(error?.text.contains("install the newer hubd") == true)
    }

    @Test func aSecondProcessIsRefused() throws {
        let first = try ledger()
        let error = #expect(throws: DatabaseError.self) { try ledger() }
        #expect(error?.kind == .locked)
        #expect(first.lastSequence == 0)
    }

    @Test func onlyTheOwnerMayReadIt() throws {
        let ledger = try ledger()
        _ = try ledger.append([.test(1)], at: someTime)
        for name in ["hubd.db", "hubd.db-wal", "hubd.db-reserve"] {
            #expect(try scratch.mode(name) == 0o600, "\(name)")
        }
    }
}
