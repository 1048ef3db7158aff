import Testing

@testable import Outbox

@Suite("A change of a sink's settings neither loses its place nor gives it two writers")
struct SinkChangeTests {
    let scratch = Scratch()

    @Test func theNewSettingsWaitForTheOldToEnd() async throws {
        let settings = StoreSettings.test(scratch)
        let store = try await Store.open(settings)
        let path = scratch.file("a")
        let old = try Courier(
            .file(FileSinkSettings(path: path, kept: 1)), store: store, clock: settings.clock,
            backoff: settings.backoff)
        // It was asked to end, and is not heard of while its write hangs.
        await store.retire(old)
        try await store.deliver(to: [.file(FileSinkSettings(path: path, kept: 2))])
        _ = try await store.append([.test(1)])
        let new = try #require(await store.couriers.first)
        let limits = DeliveryLimits(events: 10, bytes: 1 << 20)
        #expect(await store.hasNothing(for: new, limits))
        #expect(scratch.lines("a").isEmpty)
        await store.courierFinished(old)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(scratch.lines("a").count == 1)
        await store.close()
    }

    @Test func theNewSettingsGoOnWhereTheOldWere() async throws {
        let store = try await Store.open(.test(scratch))
        for number in 1...4 {
            let file = FileSinkSettings(path: scratch.file("a"), kept: number)
            try await store.deliver(to: [.file(file)])
            _ = try await store.append([.test(number)])
        }
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(scratch.lines("a").count == 4)
        await store.close()
    }
}

extension Store {
    fileprivate func retire(_ courier: Courier) { retiring.append(courier) }

    fileprivate func hasNothing(for courier: Courier, _ limits: DeliveryLimits) -> Bool {
        load(for: courier, limits, isProbe: false) == nil
    }
}
