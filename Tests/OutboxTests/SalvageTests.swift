import TestSupport
import Testing

@testable import Outbox

@Suite("A damaged database is put aside, and what can be read of it is saved")
struct SalvageTests {
    let scratch = Scratch()
    static let count = 3_000

    /// A store of 3,000 events and three values of state, closed; the number of its pages.
    private func fill() async throws -> Int {
        let store = try await Store.open(.test(scratch))
        for start in stride(from: 0, to: Self.count, by: 100) {
            let state = (0..<3).map { StateChange(key: "key\($0)", value: Array("\(start)".utf8)) }
            _ = try await store.append(
                (start..<start + 100).map { .test($0, padding: 100) }, state: state)
        }
        await store.close()
        return scratch.bytes("hubd.db").count / 4_096
    }

    private func damage(page: Int, with byte: UInt8 = 0xa5) throws {
        var bytes = scratch.bytes("hubd.db")
        for place in (page - 1) * 4_096..<page * 4_096 { bytes[place] = byte }
        try scratch.write(bytes, to: "hubd.db")
    }

    /// Reads all events, so that damage is found; then again, from the new file.
    private func readAll(_ store: Store) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        var page = EventPage(events: [], through: 0, hasMore: true)
        while page.hasMore {
            page = try await store.events(after: page.through, limit: 1_000)
            events += page.events
        }
        return events
    }

    /// One damaged page costs the rows of that page only, wherever it is: the first page with the
    /// header and the schema, the root of a tree, or a leaf.
    @Test(arguments: [1, 2, 3, 6, 10, 40, 100, 170])
    func oneDamagedPage(page: Int) async throws {
        let pages = try await fill()
        #expect(pages > 170)
        try damage(page: page)
        let store = try await Store.open(.test(scratch))
        _ = try? await store.state()
        var events = (try? await readAll(store)) ?? []
        // Damage that is found while reading is mended in the next turn.
        try await until { await !store.status().salvages.isEmpty }
        events = try await readAll(store)
        let status = await store.status()
        let report = try #require(status.salvages.last)
        #expect(report.events >= Self.count * 99 / 100)
        #expect(Set(events.compactMap(\.number)).count == report.events)
        // Page 10 is the one that holds them.
        #expect(report.values == (page == 10 ? 0 : 3))
        #expect(status.health.state == .well)
        #expect(FileSystem.matches(scratch.file("hubd.db.corrupt-*")).count == 1)
        // Numbers go on behind the old ones, and what is lost is told of.
        let last = try await store.append([.test(-1)])
        #expect(try #require(last.first).sequence > Int64(Self.count))
        let notice = events.last { $0.event.type == "org.hubd.event.dropped.v1" }
        #expect((notice != nil) == report.isLoss)
        await store.close()
    }

    @Test func noDatabaseAtAll() async throws {
        try scratch.write(
            Array("this is no database, it is a poem".utf8) + [UInt8](repeating: 7, count: 9_000),
            to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        #expect(await store.status().salvages.last?.events == 0)
        #expect(await store.status().salvages.last?.lost == 0)
        #expect(try await store.append([.test(1)]).count == 1)
        await store.close()
    }

    /// A bit that flips within a row is noticed, though SQLite cannot.
    @Test func flippedBit() async throws {
        _ = try await fill()
        var bytes = scratch.bytes("hubd.db")
        let needle = Array(#"{"n":1500,"#.utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: needle) })
        bytes[place + 6] ^= 1
        try scratch.write(bytes, to: "hubd.db")
        let store = try await Store.open(.test(scratch))
        await #expect(throws: OutboxError.self) { try await readAll(store) }
        try await until { await !store.status().salvages.isEmpty }
        #expect(await store.status().salvages.last?.events == Self.count - 1)
        #expect(await store.status().salvages.last?.lost == 1)
        let events = try await readAll(store)
        #expect(!events.contains { $0.sequence == 1_501 })
        #expect(
            String(decoding: try #require(events.last).event.data, as: UTF8.self)
                == #"{"reason":"damaged","count":1,"first":1501,"last":1501,"ranges":[[1501,1501]]}"#
        )
        await store.close()
    }

    /// What stands only in the log is saved too.
    @Test func damagedWithALog() async throws {
        let store = try await Store.open(.test(scratch))
        _ = try await store.append((0..<50).map { .test($0) })
        let (file, log) = (scratch.bytes("hubd.db"), scratch.bytes("hubd.db-wal"))
        #expect(log.count > 4_096)
        await store.close()
        try scratch.write([UInt8](repeating: 0xa5, count: file.count), to: "hubd.db")
        try scratch.write(log, to: "hubd.db-wal")
        let pages = try DatabasePages(path: scratch.file("hubd.db"))
        let rows = pages.numbers.compactMap(pages.page).flatMap {
            LeafPage(bytes: $0, overflow: pages.page).rows()
        }
        #expect(rows.compactMap(StoredEvent.init).map(\.number) == Array(0..<50))
    }

    /// A crash between moving the damaged file away and moving the new one in loses nothing.
    @Test func interruptedSwap() async throws {
        _ = try await fill()
        try scratch.write(scratch.bytes("hubd.db"), to: "hubd.db-salvage")
        try scratch.write(scratch.bytes("hubd.db"), to: "hubd.db.corrupt-1")
        try scratch.write([1, 2, 3], to: "hubd.db-wal")
        try scratch.remove("hubd.db")
        let store = try await Store.open(.test(scratch))
        #expect(await store.status().lastSequence == Int64(Self.count))
        await store.close()
    }

    /// Large rows go on in other pages.
    @Test(arguments: [3_000, 4_050, 4_100, 9_000, 100_000])
    func longRows(padding: Int) async throws {
        let store = try await Store.open(.test(scratch))
        _ = try await store.append([.test(1, padding: padding), .test(2, padding: padding)])
        await store.close()
        let pages = try DatabasePages(path: scratch.file("hubd.db"))
        let rows = pages.numbers.compactMap(pages.page).flatMap {
            LeafPage(bytes: $0, overflow: pages.page).rows()
        }
        #expect(
            rows.compactMap(StoredEvent.init).map(\.event) == [
                .test(1, padding: padding), .test(2, padding: padding),
            ])
    }
}

@Suite("No page makes the reader of pages trap")
struct LeafPageTests {
    /// A page with three rows, as SQLite writes it: (NULL, 'a'), (1, x'0203'), ('bc', -2).
    static let page: [UInt8] = {
        var page = [UInt8](repeating: 0, count: 160)
        let cells: [[UInt8]] = [
            [4, 1, 3, 0, 15, 0x61], [5, 2, 3, 9, 16, 2, 3], [6, 3, 3, 17, 1, 0x62, 0x63, 0xfe],
        ]
        page[0] = 0x0d
        page[4] = 3
        var end = page.count
        for (index, cell) in cells.enumerated() {
            end -= cell.count
            page.replaceSubrange(end..<end + cell.count, with: cell)
            page[8 + 2 * index] = UInt8(end >> 8)
            page[9 + 2 * index] = UInt8(end & 0xff)
        }
        return page
    }()

    @Test func rows() {
        let rows = LeafPage(bytes: Self.page, overflow: { _ in nil }).rows()
        #expect(
            rows == [
                LeafPage.Row(rowid: 1, columns: [.null, .text([0x61])]),
                LeafPage.Row(rowid: 2, columns: [.integer(1), .blob([2, 3])]),
                LeafPage.Row(rowid: 3, columns: [.text([0x62, 0x63]), .integer(-2)]),
            ])
    }

    @Test func neighbours() {
        var seen = 0
        ByteVerifier.neighbours(of: Self.page) { bytes in
            seen += LeafPage(bytes: bytes, overflow: { _ in bytes }).rows().count
            _ = LeafPage(bytes: bytes, overflow: { _ in bytes }).rows(start: 100)
        }
        #expect(seen > 0)
    }
}
