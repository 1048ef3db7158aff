import Foundation
import Testing

@testable import Outbox

@Suite("A file has each event exactly once, whatever happened to it in between")
struct FileSinkTests {
    let scratch = Scratch()
    let deadline = Deadline()

    private func sink(rotateAt: Int64 = 1 << 20, kept: Int = 3) -> FileSink {
        FileSink(
            FileSinkSettings(path: scratch.file("events.jsonl"), rotateAt: rotateAt, kept: kept))
    }

    private func events(_ range: ClosedRange<Int64>) -> [StoredEvent] {
        range.map {
            StoredEvent(
                sequence: $0, id: UniqueID(high: 7, low: UInt64($0)), hub: "h",
                event: .test(Int($0)))
        }
    }

    private func lines(_ range: ClosedRange<Int64>) -> [String] {
        events(range).map { String(decoding: $0.line, as: UTF8.self) }
    }

    /// Delivers and gives the place back; 0 when it failed.
    private func deliver(
        _ range: ClosedRange<Int64>, to sink: inout FileSink, after place: Int64
    ) -> Int64 {
        let cursor = Ledger.Cursor(sequence: range.lowerBound - 1, place: place)
        switch sink.deliver(events(range), after: cursor, deadline: deadline) {
        case .stored(let place): return place
        default: return 0
        }
    }

    @Test func appends() {
        var sink = sink()
        let place = deliver(1...3, to: &sink, after: 0)
        #expect(deliver(4...5, to: &sink, after: place) > place)
        #expect(scratch.lines("events.jsonl") == lines(1...5))
    }

    /// A crash after the file was written and before the cursor moved, at every byte of what was
    /// written: nothing is there twice, nothing torn.
    @Test func tornAtEveryByte() throws {
        var first = sink()
        let place = deliver(1...2, to: &first, after: 0)
        let end = deliver(3...4, to: &first, after: place)
        let whole = scratch.bytes("events.jsonl")
        for length in Int(place)...Int(end) {
            for hole in [false, true] {
                var torn = Array(whole[..<length])
                // The length may reach the disk before the bytes: they read as zeros.
                if hole { torn += [UInt8](repeating: 0, count: whole.count - length) }
                try scratch.write(torn, to: "events.jsonl")
                var sink = sink()
                #expect(deliver(3...6, to: &sink, after: place) > end)
                #expect(scratch.lines("events.jsonl") == lines(1...6))
            }
        }
    }

    /// More was written than is delivered at once now.
    @Test func moreThanABatchWasWritten() {
        var first = sink()
        let place = deliver(1...2, to: &first, after: 0)
        _ = deliver(3...9, to: &first, after: place)
        var second = sink()
        let next = deliver(3...4, to: &second, after: place)
        #expect(deliver(5...9, to: &second, after: next) > next)
        #expect(scratch.lines("events.jsonl") == lines(1...9))
    }

    /// The same sink, when the store could not note what was delivered.
    @Test func notConfirmed() {
        var sink = sink()
        let place = deliver(1...2, to: &sink, after: 0)
        _ = deliver(3...4, to: &sink, after: place)
        #expect(deliver(3...4, to: &sink, after: place) > place)
        #expect(scratch.lines("events.jsonl") == lines(1...4))
    }

    /// What somebody else has written is never cut off.
    @Test(arguments: ["a line\n", "an open line", "{\"specversion\":\"1.0\",\"id\":\"x\"}\n"])
    func foreign(text: String) throws {
        try scratch.write(Array(text.utf8), to: "events.jsonl")
        var sink = sink()
        _ = deliver(1...2, to: &sink, after: 0)
        let first = text.hasSuffix("\n") ? String(text.dropLast()) : text
        #expect(scratch.lines("events.jsonl") == [first] + lines(1...2))
    }

    /// The store was removed, and counts from one again: the old file is left as it is.
    @Test func anotherLife() {
        var first = sink()
        _ = deliver(1...5, to: &first, after: 0)
        let other = (1...2).map {
            StoredEvent(
                sequence: $0, id: UniqueID(high: 8, low: UInt64($0)), hub: "h", event: .test())
        }
        var second = sink()
        _ = second.deliver(
            other, after: Ledger.Cursor(sequence: 0, place: 0), deadline: deadline)
        #expect(scratch.lines("events.jsonl").prefix(5).elementsEqual(lines(1...5)))
        #expect(scratch.lines("events.jsonl").count == 7)
    }

    @Test func movedAway() throws {
        var sink = sink()
        let place = deliver(1...2, to: &sink, after: 0)
        try FileManager.default.moveItem(
            atPath: scratch.file("events.jsonl"), toPath: scratch.file("old"))
        _ = deliver(3...4, to: &sink, after: place)
        #expect(scratch.lines("old") == lines(1...2))
        #expect(scratch.lines("events.jsonl") == lines(3...4))
    }

    @Test func truncated() throws {
        var sink = sink()
        let place = deliver(1...2, to: &sink, after: 0)
        try scratch.write([], to: "events.jsonl")
        _ = deliver(3...4, to: &sink, after: place)
        #expect(scratch.lines("events.jsonl") == lines(3...4))
    }

    @Test func rotates() {
        var sink = sink(rotateAt: 1, kept: 2)
        var place: Int64 = 0
        for sequence in Int64(1)...5 {
            place = deliver(sequence...sequence, to: &sink, after: place)
        }
        #expect(scratch.lines("events.jsonl") == lines(5...5))
        #expect(scratch.lines("events.jsonl.1") == lines(4...4))
        #expect(scratch.lines("events.jsonl.2") == lines(3...3))
        #expect(scratch.bytes("events.jsonl.3").isEmpty)
    }

    @Test func rotatesWithoutKeeping() {
        var sink = sink(rotateAt: 1, kept: 0)
        let place = deliver(1...1, to: &sink, after: 0)
        _ = deliver(2...2, to: &sink, after: place)
        #expect(scratch.lines("events.jsonl") == lines(2...2))
        #expect(scratch.bytes("events.jsonl.1").isEmpty)
    }

    /// A crash between putting the file aside and writing the new one.
    @Test func crashedWhileRotating() throws {
        var first = sink(rotateAt: 1)
        let place = deliver(1...2, to: &first, after: 0)
        try FileManager.default.moveItem(
            atPath: scratch.file("events.jsonl"), toPath: scratch.file("events.jsonl.1"))
        try scratch.write(Array(lines(3...3)[0].utf8.prefix(100)), to: "events.jsonl")
        var second = sink(rotateAt: 1)
        _ = deliver(3...4, to: &second, after: place)
        #expect(scratch.lines("events.jsonl.1") == lines(1...2))
        #expect(scratch.lines("events.jsonl") == lines(3...4))
    }

    private func fault(_ path: String) -> SinkFault.Code? {
        var sink = FileSink(FileSinkSettings(path: path))
        let delivery = sink.deliver(
            events(1...1), after: Ledger.Cursor(sequence: 0, place: 0), deadline: deadline)
        guard case .failed(let fault, nil) = delivery else { return nil }
        return fault.code
    }

    @Test func faultsAreNamed() throws {
        #expect(fault(scratch.file("missing/events.jsonl")) == .missingFolder)
        #expect(fault("/dev/null") == .setting)
        #expect(fault(scratch.path) == .disk)
    }

    /// As root, who runs tests too, may write everywhere, these cannot be brought about.
    @Test(arguments: [
        (EACCES, SinkFault.Code.permission), (EROFS, .permission), (ENOSPC, .noSpace),
        (EDQUOT, .noSpace), (ENOENT, .missingFolder), (EIO, .disk),
    ])
    func errnos(code: Int32, expected: SinkFault.Code) {
        let fault = SinkFault(errno: code, path: "/var/lib/hubd/events.jsonl")
        #expect(fault.code == expected)
        #expect(fault.text.contains("/var/lib/hubd"))
    }

    /// The whole way: a folder that is missing is a state with its reason, and mends by itself.
    @Test func mendsByItself() async throws {
        var settings = StoreSettings.test(scratch)
        settings.backoff.base = .milliseconds(5)
        settings.backoff.cap = .milliseconds(5)
        let store = try await Store.open(settings)
        let path = scratch.file("later/events.jsonl")
        try await store.deliver(to: [.file(FileSinkSettings(path: path))])
        _ = try await store.append([.test(1), .test(2)])
        try await until { await store.status().sinks[0].fault?.code == .missingFolder }
        let waiting = await store.status().sinks[0]
        #expect(waiting.depth == 2)
        #expect(waiting.oldestAge == .zero)
        #expect(waiting.failures > 0)
        try FileManager.default.createDirectory(
            atPath: scratch.file("later"), withIntermediateDirectories: false)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(await store.status().sinks[0].fault == nil)
        #expect(scratch.lines("later/events.jsonl").count == 2)
        await store.close()
    }
}
