import Foundation
import Testing

@testable import Outbox

@Suite("What came in equals what went on and what was dropped for a counted reason")
struct AccountTests {
    let scratch = Scratch()

    private func even(_ store: Store) async throws -> [Account] {
        let accounts = try await store.ledgerAccounts()
        for account in accounts {
            #expect(
                account.difference == 0,
                "\(account.stage): \(Account.text(account.came)) | \(Account.text(account.went))")
        }
        return accounts
    }

    private func count(
        _ accounts: [Account], _ stage: Account.Stage, _ reason: Account.Reason
    ) throws -> Int64 {
        let account = try #require(accounts.first { $0.stage == stage })
        let lines = account.came + account.went + account.beside
        return try #require(lines.first { $0.reason == reason }).count
    }

    @Test func everyStage() async throws {
        let store = try await Store.open(.test(scratch))
        let path = scratch.file("events")
        try await store.deliver(to: [.file(FileSinkSettings(path: path))])
        for number in 0..<10 { store.post(.test(number, class: .presence)) }
        _ = try await store.append([.test(1), .test(2)])
        var long = Event.test()
        long.subject = String(repeating: "s", count: Event.longestName + 1)
        let tooLong = long
        store.post(tooLong)
        await #expect(throws: OutboxError.self) { try await store.append([tooLong]) }
        try await until { await store.status().sinks[0].depth == 0 }
        let accounts = try await even(store)
        #expect(try count(accounts, .posted, .posted) == 11)
        #expect(try count(accounts, .posted, .kept) == 10)
        #expect(try count(accounts, .posted, .dropped) == 1)
        #expect(try count(accounts, .requested, .refused) == 1)
        #expect(try count(accounts, .store, .keptPresence) == 10)
        let sink = Account.Stage.sink("file:\(path)")
        #expect(try count(accounts, sink, .confirmed) == count(accounts, sink, .due))
        #expect(try count(accounts, sink, .handedOut) >= 12)
        #expect(await store.status().mismatches.isEmpty)
        await store.close()
    }

    /// Counts that must survive a restart do; those of the intake begin anew.
    @Test func afterARestart() async throws {
        let settings = StoreSettings.test(scratch, quota: StoreSettings.smallestQuota)
        let store = try await Store.open(settings)
        let sink = SinkSettings.file(FileSinkSettings(path: scratch.file("missing/events")))
        try await store.deliver(to: [sink])
        for number in 0..<300 { store.post(.test(number, class: .telemetry, padding: 300)) }
        while await store.status().shed == 0 {
            _ = try await store.append((0..<20).map { .test($0, padding: 300) })
        }
        while (try? await store.append([.test(1, padding: 20_000)])) != nil {}
        let before = try await even(store)
        #expect(try count(before, .store, .shedTelemetry) > 0)
        #expect(try count(before, .requested, .refused) == 1)
        await store.close()
        let again = try await Store.open(settings)
        let after = try await even(again)
        for reason in [Account.Reason.committed, .shedTelemetry, .keptValue] {
            #expect(try count(after, .store, reason) == count(before, .store, reason))
        }
        let name = Account.Stage.sink(sink.name)
        for reason in [Account.Reason.due, .shed, .waiting] {
            #expect(try count(after, name, reason) == count(before, name, reason))
        }
        #expect(try count(after, .requested, .refused) == 0)
        await again.close()
    }

    /// A count that is wrong is told of, with the stage and both sides.
    @Test func aMismatchIsTold() async throws {
        let store = try await Store.open(.test(scratch))
        _ = try await store.append([.test(1), .test(2), .test(3)])
        await store.loseARow()
        let account = try #require(
            try await store.ledgerAccounts().first { $0.difference != 0 })
        #expect(account.stage == .store)
        #expect(account.difference == 1)
        #expect(Account.text(account.came) == "3 committed, 0 mended")
        #expect(await store.status().mismatches == [account])
        await store.close()
    }

    /// What a salvage takes is counted, and the accounts go on from there.
    @Test func afterASalvage() async throws {
        do {
            let store = try await Store.open(.test(scratch))
            try await store.deliver(to: [
                .file(FileSinkSettings(path: scratch.file("missing/events")))
            ])
            for start in stride(from: 0, to: 1_000, by: 100) {
                _ = try await store.append(
                    (start..<start + 100).map { .test($0, padding: 100) })
            }
            await store.close()
        }
        var bytes = scratch.bytes("hubd.db")
        for place in 20 * 4_096..<21 * 4_096 { bytes[place] = 0xa5 }
        for place in 0..<4_096 { bytes[place] = 0xa5 }
        try scratch.write(bytes, to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        let report = try #require(await store.status().salvages.last)
        #expect(report.lost > 0)
        let accounts = try await even(store)
        #expect(try count(accounts, .store, .lost) == Int64(report.lost))
        #expect(try count(accounts, .store, .mended) == 0)
        _ = try await store.append([.test(1)])
        _ = try await even(store)
        await store.close()
    }

    /// Whoever waits for the start is told that a salvage takes its time.
    @Test func aSalvageAsksForTime() async throws {
        try scratch.write(Array("this is no database".utf8), to: "hubd.db")
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        var settings = StoreSettings.test(scratch)
        settings.onLongWork = { ask.yield() }
        let store = try await Store.open(settings)
        ask.finish()
        #expect(await asked.reduce(0) { count, _ in count + 1 } >= 2)
        await store.close()
    }

    /// Kills at random instants, with events dropped for room and for age, refused, and taken back.
    @Test func afterKills() throws {
        let outcome = try Rig.script("accounts.py", [Rig.program, scratch.path, "40", "1"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains(" bad 0:"), "\(outcome.output)")
    }
}

@Suite("A store of an older version becomes the new one, or stays the old one")
struct MigrationTests {
    let scratch = Scratch()

    /// Kills at random instants of it; a copy of the old store is there before anything changes.
    @Test func killed() throws {
        let outcome = try Rig.script(
            "migrate.py", [Rig.program, scratch.path, "100", "1", "3000"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("rows 3000 kills 100 "))
    }

    /// What the newer schema takes of a store that has used up its quota is not refused.
    @Test func full() throws {
        let outcome = try Rig.script(
            "migrate.py", [Rig.program, scratch.path, "3", "1", "5000", "\(1 << 20)"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("rows 5000 kills 3 "))
    }
}

extension Store {
    fileprivate func loseARow() {
        try? ledger?.database.execute("DELETE FROM event WHERE sequence = 2")
    }
}
