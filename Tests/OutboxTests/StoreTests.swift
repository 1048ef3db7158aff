import Outbox
import Synchronization
import Testing

@Suite("What append has returned is kept, in order, without gaps")
struct StoreTests {
    let scratch = Scratch()

    @Test func sequencesBeginAtOneAndHaveNoGaps() async throws {
        let store = try await Store.open(.test(scratch))
        let first = try await store.append([.test(1), .test(2)])
        let second = try await store.append([.test(3)])
        #expect((first + second).map(\.sequence) == [1, 2, 3])
        #expect(Set((first + second).map(\.id)).count == 3)
        await store.close()
    }

    @Test func eventsAreThereAfterReopening() async throws {
        let store = try await Store.open(.test(scratch))
        let receipts = try await store.append([.test(7), .test(8)])
        await store.close()
        let again = try await Store.open(.test(scratch))
        let page = try await again.events()
        #expect(page.events.map(\.number) == [7, 8])
        #expect(page.events.map(\.id) == receipts.map(\.id))
        #expect(page.events.map(\.event) == [.test(7), .test(8)])
        #expect(try await again.append([.test(9)]).map(\.sequence) == [3])
        await again.close()
    }

    @Test func postedEventsAreCommittedBeforeTheEnd() async throws {
        let store = try await Store.open(.test(scratch))
        for number in 0..<100 { store.post(.test(number, class: .presence)) }
        await store.close()
        let again = try await Store.open(.test(scratch))
        #expect(try await again.events().events.map(\.number) == Array(0..<100))
        await again.close()
    }
}

@Suite("What callers and people see of the store")
struct StoreFaceTests {
    let scratch = Scratch()

    @Test func stateIsKeptWithEvents() async throws {
        let store = try await Store.open(.test(scratch))
        let changes = [
            StateChange(key: "campaign/a", value: [1]), StateChange(key: "campaign/b", value: []),
            StateChange(key: "other", value: [3]),
        ]
        _ = try await store.append([.test(1)], state: changes)
        _ = try await store.append([], state: [StateChange(key: "campaign/a", value: nil)])
        await store.close()
        let again = try await Store.open(.test(scratch))
        #expect(try await again.state(prefix: "campaign/") == ["campaign/b": []])
        #expect(try await again.state() == ["campaign/b": [], "other": [3]])
        await again.close()
    }

    @Test func limitsOnBothSides() async throws {
        let store = try await Store.open(.test(scratch))
        var event = Event.test()
        event.data = [UInt8](repeating: 0x31, count: Event.longestData)
        event.subject = String(repeating: "s", count: Event.longestName)
        #expect(try await store.append([event]).count == 1)
        event.data.append(0x31)
        await #expect(throws: OutboxError.self) { try await store.append([event]) }
        event.data.removeLast()
        event.subject += "s"
        await #expect(throws: OutboxError.self) { try await store.append([event]) }
        // Loose ones beyond the limits are counted.
        store.post(event)
        #expect(await store.status().dropped == 1)
        let many = (0..<3).map { _ in Event.test(padding: 200_000) }
        let error = await #expect(throws: OutboxError.self) { try await store.append(many) }
        #expect(error?.code == .tooLarge)
        #expect(await store.status().lastSequence == 1)
        await store.close()
    }

    @Test func pages() async throws {
        let store = try await Store.open(.test(scratch))
        var other = Event.test(0, class: .presence)
        other.type = "org.hubd.beacon.entered.v1"
        for number in 0..<100 {
            var time = someTime
            time.unixNanoseconds += Int64(number)
            _ = try await store.append([.test(number, time: time), other])
        }
        let first = try await store.events(limit: 10)
        #expect(first.events.map(\.sequence) == Array(1...10))
        #expect(first.through == 10 && first.hasMore)
        let last = try await store.events(after: 195, limit: 10)
        #expect(last.events.map(\.sequence) == Array(196...200))
        #expect(last.through == 200 && !last.hasMore)
        let typed = try await store.events(type: other.type, limit: 1_000)
        #expect(typed.events.count == 100)
        let timed = try await store.events(notBefore: someTime.unixNanoseconds + 90, limit: 1_000)
        #expect(timed.events.map(\.number) == Array(90..<100))
        await store.close()
    }

    @Test func thoseWhoFollowSeeEveryEventInOrder() async throws {
        let seen = Seen()
        var settings = StoreSettings.test(scratch)
        settings.onCommit = { seen.add($0) }
        let store = try await Store.open(settings)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    for number in 0..<20 {
                        store.post(.test(number, class: .presence))
                        _ = try? await store.append([.test(number), .test(number)])
                    }
                }
            }
        }
        await store.close()
        #expect(seen.sequences == Array(1...1_200))
    }

    @Test func nothingIsTakenAfterTheEnd() async throws {
        let store = try await Store.open(.test(scratch))
        await store.close()
        await store.close()
        let error = await #expect(throws: OutboxError.self) { try await store.append([.test(1)]) }
        #expect(error?.code == .closed)
        #expect(store.health.state == .closed)
        await #expect(throws: OutboxError.self) { try await store.events() }
        #expect(await store.status().lastSequence == 0)
    }

    @Test func settingsThatCannotBe() async throws {
        var settings = StoreSettings.test(scratch)
        settings.quota = StoreSettings.smallestQuota - 1
        let small = settings
        let error = await #expect(throws: OutboxError.self) { try await Store.open(small) }
        #expect(error?.code == .setting)
        settings.quota = StoreSettings.smallestQuota
        settings.path = scratch.file("missing/hubd.db")
        let missing = settings
        let other = await #expect(throws: OutboxError.self) { try await Store.open(missing) }
        #expect(other?.code == .storage)
    }

    @Test func sinksAreBoundedAndDistinct() async throws {
        let store = try await Store.open(.test(scratch))
        let file = SinkSettings.file(FileSinkSettings(path: scratch.file("a")))
        await #expect(throws: OutboxError.self) { try await store.deliver(to: [file, file]) }
        let many = (0...Store.mostSinks).map {
            SinkSettings.file(FileSinkSettings(path: scratch.file("\($0)")))
        }
        await #expect(throws: OutboxError.self) { try await store.deliver(to: many) }
        try await store.deliver(to: Array(many.dropLast()))
        _ = try await store.append([.test(1)])
        try await until { await store.status().sinks.allSatisfy { $0.depth == 0 } }
        #expect(await store.status().sinks.map(\.name) == many.dropLast().map(\.name))
        try await store.deliver(to: [many[3]])
        #expect(await store.status().sinks.map(\.name) == [many[3].name])
        await store.close()
        for number in 0..<Store.mostSinks { #expect(scratch.lines("\(number)").count == 1) }
    }
}

/// What a follower has seen.
final class Seen: Sendable {
    private let list = Mutex<[Int64]>([])

    func add(_ events: [StoredEvent]) {
        list.withLock { $0 += events.map(\.sequence) }
    }

    var sequences: [Int64] { list.withLock { $0 } }
}
