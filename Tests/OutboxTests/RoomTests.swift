import Foundation
import Testing

@testable import Outbox

@Suite("Why the store is full is told as it is now")
struct RoomTests {
    let scratch = Scratch()

    /// The text names the sink that is behind, and goes when it is not.
    @Test func theReasonFollowsTheSinks() async throws {
        let store = try await Store.open(.test(scratch, quota: StoreSettings.smallestQuota))
        let path = scratch.file("later/events")
        try await store.deliver(to: [.file(FileSinkSettings(path: path))])
        while (try? await store.append([.test(1, padding: 20_000)])) != nil {}
        #expect(store.health.state == .full)
        #expect(store.health.reason.contains("file:\(path) has not got: mend that sink"))
        try await store.deliver(to: [])
        #expect(try await store.append([.test(2)]).count == 1)
        #expect(store.health.state == .well)
        await store.close()
    }

    /// Nothing has to be appended for it: the sink's catching up is enough.
    @Test func aSinkThatCaughtUpIsNoReason() async throws {
        var settings = StoreSettings.test(scratch, quota: StoreSettings.smallestQuota)
        settings.backoff.base = .milliseconds(1)
        settings.backoff.cap = .milliseconds(2)
        let store = try await Store.open(settings)
        let path = scratch.file("later/events")
        try await store.deliver(to: [.file(FileSinkSettings(path: path))])
        while (try? await store.append([.test(1, padding: 20_000)])) != nil {}
        #expect(store.health.state == .full)
        try FileManager.default.createDirectory(
            atPath: scratch.file("later"), withIntermediateDirectories: true)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(store.health.state == .well && store.health.reason.isEmpty)
        await store.close()
    }
}
