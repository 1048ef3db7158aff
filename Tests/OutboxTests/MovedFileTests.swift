import Foundation
import Testing

@testable import Outbox

@Suite("A file that is removed or replaced under a running hubd costs nothing")
struct MovedFileTests {
    let scratch = Scratch()

    /// What a kill would leave just now, opened: all numbers and values.
    private func afterAKill() async throws -> (numbers: [Int], values: Int) {
        let copy = Scratch()
        for name in ["hubd.db", "hubd.db-wal", "hubd.db-mark"] {
            try copy.write(scratch.bytes(name), to: name)
        }
        let store = try await Store.open(.test(copy))
        let numbers = try await store.events(limit: 1_000).events.compactMap(\.number)
        let values = try await store.state().count
        await store.close()
        return (numbers, values)
    }

    @Test(arguments: ["removed", "moved", "replaced", "emptied log", "all"])
    func acknowledgedEventsStay(how: String) async throws {
        let store = try await Store.open(.test(scratch))
        let sink = SinkSettings.file(FileSinkSettings(path: scratch.file("events")))
        try await store.deliver(to: [sink])
        _ = try await store.append(
            (0..<300).map { .test($0) }, state: [StateChange(key: "a", value: [1])])
        switch how {
        case "removed": try scratch.remove("hubd.db")
        case "moved":
            try FileManager.default.moveItem(
                atPath: scratch.file("hubd.db"), toPath: scratch.file("elsewhere"))
        case "replaced":
            try scratch.remove("hubd.db")
            try scratch.write(Array("something else".utf8), to: "hubd.db")
        case "emptied log": try scratch.remove("hubd.db-wal")
        default:
            try scratch.remove("hubd.db")
            try scratch.remove("hubd.db-wal")
        }
        // Acknowledged, so it has to be in the file at the path from now on.
        #expect(try await store.append([.test(300)])[0].sequence == 301)
        let kept = try await afterAKill()
        #expect(kept.numbers == Array(0...300))
        #expect(kept.values == 1)
        let status = await store.status()
        #expect(status.health.state == .well)
        #expect(status.salvages.count == 1)
        let report = try #require(status.salvages.first)
        #expect(report.cause.contains("was removed or replaced while hubd had it open"))
        #expect(report.events == 301 && !report.isLoss && report.gone == 0)
        #expect(report.path.isEmpty == ["removed", "moved", "all"].contains(how))
        #expect(try scratch.mode("hubd.db") == 0o600)
        // And all goes on: the next ones, the sink, the next opening.
        #expect(try await store.append([.test(301)])[0].sequence == 302)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(scratch.lines("events").count == 302)
        for account in try await store.ledgerAccounts() {
            #expect(account.difference == 0, "\(account)")
        }
        await store.close()
        let again = try await Store.open(.test(scratch))
        #expect(await again.status().lastSequence == 302)
        #expect(await again.status().salvages.isEmpty)
        await again.close()
    }

    /// Without a folder nothing can be written, nothing is acknowledged, and nothing is forgotten.
    @Test func aFolderThatIsGoneForAWhile() async throws {
        let store = try await Store.open(.test(scratch))
        _ = try await store.append([.test(1)])
        try FileManager.default.moveItem(atPath: scratch.path, toPath: scratch.path + "-away")
        let error = await #expect(throws: OutboxError.self) { try await store.append([.test(2)]) }
        #expect(error?.code == .storage)
        #expect(store.health.state == .failed)
        try FileManager.default.createDirectory(
            atPath: scratch.path, withIntermediateDirectories: true)
        try await until { store.health.state == .well }
        #expect(try await store.events().events.map(\.number).prefix(1) == [1])
        await store.close()
        try FileManager.default.removeItem(atPath: scratch.path + "-away")
    }

    /// The end is the last occasion to write what has no file.
    @Test func closingWithoutAFile() async throws {
        let store = try await Store.open(.test(scratch))
        _ = try await store.append([.test(1)])
        try FileManager.default.moveItem(atPath: scratch.path, toPath: scratch.path + "-away")
        await #expect(throws: OutboxError.self) { try await store.append([.test(2)]) }
        try FileManager.default.createDirectory(
            atPath: scratch.path, withIntermediateDirectories: true)
        await store.close()
        let again = try await Store.open(.test(scratch))
        #expect(try await again.events().events.map(\.number).prefix(1) == [1])
        await again.close()
        try FileManager.default.removeItem(atPath: scratch.path + "-away")
    }
}
