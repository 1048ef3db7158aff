import Testing

@testable import Outbox

@Suite("What is kept can be delivered again, and every account stays even")
struct AgainTests {
    let scratch = Scratch()

    private func ledger(_ count: Int) throws -> Ledger {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        _ = try ledger.append(
            (1...count).map { .test($0, class: $0 % 3 == 0 ? .value : .presence) }, at: someTime)
        return ledger
    }

    private func expectEven(_ ledger: Ledger) throws {
        for account in try ledger.measuredAccounts() {
            #expect(
                account.difference == 0,
                "\(account.stage): \(Account.text(account.came)) | \(Account.text(account.went))")
        }
        let cursor = try #require(ledger.cursors["a"])
        #expect(try ledger.waiting(behind: cursor) == Int64(ledger.depths["a"] ?? -1))
    }

    /// Sent again by hand in the middle of a streak, an event is refused twice in it.
    @Test(arguments: [Lane.regular, .express]) func inAStreak(lane: Lane) throws {
        let ledger = try ledger(20)
        let event = try ledger.events(after: 2, limit: 1)[0]
        try ledger.confirm("a", through: 2, place: 0)
        try ledger.reject("a", event, reason: "no", at: someTime)
        _ = try ledger.deliverAgain("a", from: 3)
        try ledger.reject("a", event, reason: "no", lane: lane, at: someTime)
        try ledger.takeBack(
            "a", lane == .regular ? [.regular: [3, 3]] : [.regular: [3], .express: [3]])
        #expect(try ledger.rejections(limit: 9).isEmpty)
        #expect(ledger.accounts["a"]?.expired == 0)
        try expectEven(ledger)
    }

    /// From every number on, with events refused in both lanes and value that has overtaken.
    @Test(arguments: 1...21)
    func fromEveryNumber(first: Int64) throws {
        let ledger = try ledger(20)
        let events = try ledger.events(after: 0, limit: 20)
        try ledger.confirm("a", through: 3, place: 0)
        try ledger.reject("a", events[3], reason: "no", at: someTime)
        try ledger.confirm("a", through: 9, place: 0, lane: .express)
        try ledger.reject("a", events[11], reason: "no", lane: .express, at: someTime)
        let waited = try #require(ledger.depths["a"])
        let more = try #require(try ledger.deliverAgain("a", from: first))
        #expect(ledger.depths["a"] == waited + Int(more))
        try expectEven(ledger)
        let cursor = try #require(ledger.cursors["a"])
        let next = try ledger.next(for: cursor, lane: .regular, limit: 20, bytes: .max)
        #expect(Set(next.map(\.sequence)).isSuperset(of: Set(first...21).subtracting([21])))
        #expect(try ledger.rejections(limit: 10).allSatisfy { $0.event.sequence < first })
        try ledger.confirm("a", through: 20, place: 0)
        #expect(ledger.depths["a"] == 0)
        try expectEven(ledger)
        #expect(try ledger.trimDelivered(limit: 100) > 0)
        try expectEven(ledger)
    }

    /// A service that asked for an hour's patience is mended after a minute.
    @Test func nowInsteadOfInAnHour() async throws {
        let server = try SyncServer(["503:3600", "200"], signed: false)
        let store = try await Store.open(.test(scratch))
        let sink = SinkSettings.http(
            HTTPSinkSettings(url: "http://localhost:\(server.port)/v1/events"))
        try await store.deliver(to: [sink])
        _ = try await store.append([.test(1)])
        try await until { await store.status().sinks[0].fault != nil }
        let retryAt = try #require(await store.couriers.first).report.current.retryAt
        #expect(try #require(retryAt) > BootClock.now() + 3_000_000_000_000)
        try await store.deliverNow(sink.name)
        try await until { await store.status().sinks[0].depth == 0 }
        await #expect(throws: OutboxError.self) { try await store.deliverNow("http:nobody") }
        await store.close()
    }

    /// What a batch under way comes back with counts for nothing: it is due again.
    @Test func aBatchUnderWay() async throws {
        let server = try SyncServer(["200"], signed: false)
        let store = try await Store.open(.test(scratch))
        let sink = SinkSettings.http(
            HTTPSinkSettings(url: "http://localhost:\(server.port)/v1/events"))
        try await store.deliver(to: [sink])
        _ = try await store.append((1...5).map { .test($0) })
        try await until { await store.status().sinks[0].depth == 0 }
        let courier = try #require(await store.couriers.first)
        let old = Store.Load(
            events: try await store.events().events, cursor: .init(sequence: 4, place: 0))
        #expect(try await store.deliverAgain(sink.name, from: 2) == 4)
        #expect(await store.confirm(courier, old, place: 0))
        #expect(await store.reject(courier, old, old.events[4], someFault, lane: .regular))
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().isEmpty)
        let accounts = try await store.ledgerAccounts()
        #expect(accounts.allSatisfy { $0.difference == 0 })
        // Delivered twice is due twice.
        #expect(accounts.last?.came == [.init(.due, 9)])
        await store.close()
        let again = try await Store.open(.test(scratch))
        #expect(try await again.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await again.close()
    }

    @Test func aFileGetsTheLinesOnceMore() async throws {
        let store = try await Store.open(.test(scratch))
        let sink = SinkSettings.file(FileSinkSettings(path: scratch.file("events")))
        try await store.deliver(to: [sink])
        _ = try await store.append((1...3).map { .test($0) })
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.deliverAgain(sink.name, from: 2) == 2)
        try await until { await store.status().sinks[0].depth == 0 }
        let lines = scratch.lines("events")
        #expect(lines.count == 5)
        #expect(lines[3...] == lines[1...2])
        await store.close()
    }

    @Test func whatMakesNoSense() async throws {
        let store = try await Store.open(.test(scratch))
        for (sink, first) in [("a", Int64(1)), ("file:b", 0), ("file:b", .min), ("file:b", .max)] {
            let error = await #expect(throws: OutboxError.self) {
                try await store.deliverAgain(sink, from: first)
            }
            #expect(error?.code == .setting)
        }
        await store.close()
    }

    /// Taken back are the events that were set aside, and not a second time those that wait again.
    @Test func takingBackAfterwards() throws {
        let ledger = try ledger(9)
        let events = try ledger.events(after: 0, limit: 9)
        for event in events.prefix(4) {
            try ledger.reject("a", event, reason: "no", at: someTime)
        }
        #expect(try ledger.deliverAgain("a", from: 1) == 4)
        try ledger.takeBack("a", [.regular: [1, 2, 3, 4]])
        try expectEven(ledger)
        #expect(ledger.accounts["a"]?.givenUp == 0)
        #expect(ledger.depths["a"] == 9)
    }

    private let someFault = SinkFault(.rejected, "no")
}
