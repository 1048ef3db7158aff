import Foundation
import Testing

@testable import Outbox

@Suite("Whatever becomes of the file, no number is used again and what is gone is told")
struct LossTests {
    let scratch = Scratch()

    private var sink: SinkSettings { .file(FileSinkSettings(path: scratch.file("events"))) }

    /// A store of so many events that its sink has, closed; one value of state.
    private func fill(_ count: Int, padding: Int = 100) async throws {
        let store = try await Store.open(.test(scratch))
        try await store.deliver(to: [sink])
        for start in stride(from: 0, to: count, by: 100) {
            let events = (start..<min(start + 100, count)).map { Event.test($0, padding: padding) }
            _ = try await store.append(events, state: [StateChange(key: "a", value: [1])])
        }
        try await until { await store.status().sinks[0].depth == 0 }
        await store.close()
    }

    private func readAll(_ store: Store) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        var page = EventPage(events: [], through: 0, hasMore: true)
        while page.hasMore {
            page = try await store.events(after: page.through, limit: 1_000)
            events += page.events
        }
        return events
    }

    private func text(_ event: StoredEvent) -> String {
        String(decoding: event.event.data, as: UTF8.self)
    }

    // MARK: Damage

    /// Events that the sink had are gone too, and that is told, also when it is found later.
    @Test func deliveredEventsThatAreGoneAreCounted() async throws {
        try await fill(1_268)
        var bytes = scratch.bytes("hubd.db")
        // A page of events: the first byte tells it from one of the index (File Format, §1.6).
        let pages = stride(from: bytes.count / 8_192 * 4_096, to: bytes.count, by: 4_096)
        let middle = try #require(pages.first { bytes[$0] == LeafPage.kind })
        for place in middle..<middle + 4_096 { bytes[place] = 0xff }
        try scratch.write(bytes, to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        try await store.deliver(to: [sink])
        _ = try? await readAll(store)
        try await until { await !store.status().salvages.isEmpty }
        let report = try #require(await store.status().salvages.last)
        #expect(report.lost == 0 && report.unknown == 0 && !report.isLoss)
        #expect(report.gone > 0)
        #expect(report.events + report.gone == 1_268)
        #expect(report.number == 1 && report.isKept)
        #expect(report.text.contains("\(report.gone) gone that every sink had"))
        #expect(try await readAll(store).count == report.events)
        #expect(try await store.append([.test(1)])[0].sequence == 1_269)
        await store.close()
    }

    @Test(arguments: [2, 4]) func truncated(parts: Int) async throws {
        try await fill(1_500)
        let bytes = scratch.bytes("hubd.db")
        try scratch.write(bytes.prefix(bytes.count / 4_096 / parts * 4_096), to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        _ = try? await readAll(store)
        try await until { await !store.status().salvages.isEmpty }
        let report = try #require(await store.status().salvages.last)
        #expect(report.gone > 1_500 / 3)
        #expect(report.events + report.gone + report.lost == 1_500)
        await store.close()
    }

    /// What a notice has explained is not lost a second time.
    @Test func explainedNumbersAreNotCountedAgain() async throws {
        try await fill(10)
        for content in [[UInt8]("hello".utf8), [UInt8]("again".utf8)] {
            try scratch.write(content, to: "hubd.db")
            let store = try await Store.open(.test(scratch))
            try await store.deliver(to: [sink])
            try await until { await store.status().sinks[0].depth == 0 }
            await store.close()
        }
        var bytes = scratch.bytes("hubd.db")
        for place in 0..<4_096 { bytes[place] = 0 }
        try scratch.write(bytes, to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        #expect(await store.status().salvages.last?.lost == 0)
        #expect(await store.status().salvages.last?.gone == 0)
        await store.close()
    }

    @Test func rangesOfNotices() {
        let ranges: [ClosedRange<Int64>] = [1...3, 7...7]
        #expect(
            Event.dropped(ranges: ranges, count: 4, reason: "a 1,2", at: someTime).droppedRanges
                == ranges)
        #expect(Event.test(1).droppedRanges.isEmpty)
        let gaps: [ClosedRange<Int64>] = [1...10, 20...30]
        #expect(gaps.removing([5...6, 9...22, 30...40]) == [1...4, 7...8, 23...29])
        #expect(gaps.removing([]) == gaps)
        #expect(gaps.removing([0...100]).isEmpty)
    }

    // MARK: The whole file

    /// Numbers go on behind the reserved block; no loss is invented.
    @Test(arguments: ["noise", "hello", "empty", "removed"])
    func allIsLost(how: String) async throws {
        try await fill(5_000, padding: 10)
        switch how {
        case "noise":
            let noise = (0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
            try scratch.write(noise, to: "hubd.db")
        case "hello": try scratch.write(Array("hello".utf8), to: "hubd.db")
        case "empty": try scratch.write([], to: "hubd.db")
        default: try scratch.remove("hubd.db")
        }
        let store = try await Store.open(.test(scratch))
        let report = try #require(await store.status().salvages.last)
        #expect(report.events == 0 && report.lost == 0 && report.isLoss)
        #expect(report.unknown == 8_192)
        let sequence = try await store.append([.test(1)])[0].sequence
        #expect(sequence == 8_194)
        #expect(
            text(try #require(try await store.events().events.first))
                == #"{"reason":"unknown","first":1,"last":8192,"ranges":[[1,8192]]}"#)
        await store.close()
        // Opened again, nothing more is told.
        let again = try await Store.open(.test(scratch))
        #expect(await again.status().salvages.isEmpty)
        #expect(await again.status().lastSequence == 8_194)
        await again.close()
    }

    /// A file from long ago does not take numbers back.
    @Test func anOldCopy() async throws {
        try await fill(100)
        let old = scratch.bytes("hubd.db")
        try await fill(20_000, padding: 10)
        try scratch.write(old, to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        let report = try #require(await store.status().salvages.last)
        #expect(report.events == 100 && report.unknown > 0)
        #expect(try await store.append([.test(1)])[0].sequence > 20_100)
        await store.close()
    }

    // MARK: Counts that cannot be

    @Test(arguments: [
        "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'event'",
        "UPDATE sqlite_sequence SET seq = 9007199254740992 WHERE name = 'event'",
        "UPDATE sqlite_sequence SET seq = -9223372036854775808 WHERE name = 'event'",
        "UPDATE sqlite_sequence SET seq = 5 WHERE name = 'event'",
        "DELETE FROM sqlite_sequence",
        "UPDATE sink SET cursor = 9223372036854775807",
        "UPDATE sink SET cursor = -1",
        "UPDATE sink SET cursor = 201",
        "UPDATE sink SET place = -9223372036854775808",
        "UPDATE event SET sequence = 9223372036854775807 WHERE sequence = 200",
        "UPDATE event SET sequence = -9223372036854775808 WHERE sequence = 1",
    ])
    func counts(change: String) async throws {
        try await fill(200)
        do {
            let database = try Database(path: scratch.file("hubd.db"))
            try database.execute(change)
        }
        let store = try await Store.open(.test(scratch))
        #expect(await store.status().salvages.count == 1)
        #expect(await store.status().salvages[0].events >= 199)
        try await store.deliver(to: [sink])
        let sequence = try await store.append([.test(1)])[0].sequence
        #expect(sequence > 200 && sequence < 10_000)
        try await until { await store.status().sinks[0].depth == 0 }
        await store.close()
    }

    /// Damage may look like a row of a table without checksums; the mark knows better.
    @Test func countsThatNobodyCanHaveReached() async throws {
        try await fill(200)
        do {
            let database = try Database(path: scratch.file("hubd.db"))
            try database.execute("UPDATE sink SET cursor = 4503599627370496")
            try database.execute("UPDATE sqlite_sequence SET seq = 4503599627370495")
        }
        let store = try await Store.open(.test(scratch))
        #expect(try await store.append([.test(1)])[0].sequence == 4_098)
        await store.close()
    }

    /// The last numbers there are end in an error, not in a trap.
    @Test func noNumberIsLeft() throws {
        let ledger = try Ledger(.test(scratch))
        _ = try ledger.append([.test(1)], at: someTime)
        let last = Ledger.numberLimit - 2
        let error = #expect(throws: DatabaseError.self) {
            try ledger.insert([.test(2), .test(3)], after: last, at: someTime)
        }
        #expect(error?.kind == .other)
    }
}

@Suite("The mark beside the database survives what the database does not")
struct NumberMarkTests {
    let scratch = Scratch()

    private var path: String { scratch.file("mark") }

    @Test func blocks() throws {
        var mark = try NumberMark(opening: path)
        #expect(mark.reserved == 0)
        try mark.reserve(through: 1) { 1 }
        #expect(mark.reserved == 4_096)
        let bytes = scratch.bytes("mark")
        for number in 2...4_096 { try mark.reserve(through: Int64(number)) { 1 } }
        #expect(scratch.bytes("mark") == bytes)
        try mark.reserve(through: 4_097) { 9 }
        #expect(mark.reserved == 8_192)
        let again = try NumberMark(reading: path)
        #expect(again.reserved == 8_192 && again.oldest == 9)
        #expect(try scratch.mode("mark") == 0o600)
    }

    /// Whatever a power cut leaves of the slot that was being written, the other one counts.
    @Test(arguments: 0...1) func torn(slot: Int) throws {
        var mark = try NumberMark(opening: path)
        try mark.reserve(through: 1) { 1 }
        try mark.reserve(through: 5_000) { 1 }
        let good = scratch.bytes("mark")
        for place in 0..<40 {
            var bytes = good
            bytes[slot * 512 + place] ^= 1
            try scratch.write(bytes, to: "mark")
            let reserved = try NumberMark(reading: path).reserved
            #expect([4_096, 8_192].contains(reserved))
        }
        try scratch.write([UInt8](repeating: 0xff, count: 2_000), to: "mark")
        #expect(try NumberMark(reading: path).reserved == 0)
    }

    /// What is not synchronized is never written over what is.
    @Test func notesLeaveTheDurableSlot() throws {
        var mark = try NumberMark(opening: path)
        try mark.reserve(through: 1) { 1 }
        let before = scratch.bytes("mark").prefix(512)
        for oldest in 2...9 { try mark.note(oldest: Int64(oldest)) }
        #expect(scratch.bytes("mark").prefix(512) == before)
        let again = try NumberMark(reading: path)
        #expect(again.reserved == 4_096 && again.oldest == 9)
    }
}
