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

    /// A service knows a hub by the id it has now; what happened under another leaves under this one.
    @Test func whatWaitsLeavesUnderThePresentID() async throws {
        var settings = StoreSettings.test(scratch)
        settings.hub = "debian"
        let before = try await Store.open(settings)
        _ = try await before.append([.test(1), .test(2)])
        await before.close()
        settings.hub = "store-0042"
        let store = try await Store.open(settings)
        try await store.deliver(to: [.file(FileSinkSettings(path: scratch.file("a")))])
        _ = try await store.append([.test(3)])
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(scratch.lines("a").count == 3)
        #expect(scratch.lines("a").allSatisfy { $0.contains(#""source":"urn:hubd:store-0042""#) })
        await store.close()
    }

    /// What the old one says last, that the hub is offline, must not come behind the new one's word.
    @Test(arguments: [false, true])
    func theNewNameAtABrokerWaitsForTheOldToEnd(hasEnded: Bool) async throws {
        let settings = StoreSettings.test(scratch)
        let store = try await Store.open(settings)
        let (broker, other) = (try FaultBroker(["good"]), try FaultBroker(["good"]))
        func sink(_ broker: FaultBroker, _ client: String) -> SinkSettings {
            .mqtt(
                MQTTSinkSettings(
                    url: "mqtt://127.0.0.1:\(broker.port)", topic: client, stateTopic: "state",
                    clientID: client))
        }
        let old = try Courier(
            sink(broker, "old"), store: store, clock: settings.clock, backoff: settings.backoff)
        await store.retire(old)
        try await store.deliver(to: [sink(broker, "new"), sink(other, "new")])
        // The one that is not held up has connected.
        _ = try other.next { $0.publish != nil }
        if hasEnded {
            await store.courierFinished(old)
            #expect(try broker.next { $0.connect != nil }.connect?.client == "new")
        }
        await store.close()
        let connections = try broker.rest().compactMap(\.connect)
        #expect(connections.isEmpty)
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

    /// A sink without a thread is an error, and the sinks that were go on.
    @Test func noThreadForASink() async throws {
        let store = try await Store.open(.test(scratch))
        try await store.deliver(to: [.file(FileSinkSettings(path: scratch.file("a")))])
        await store.giveNoThreads()
        let error = await #expect(throws: OutboxError.self) {
            try await store.deliver(to: [.file(FileSinkSettings(path: scratch.file("b")))])
        }
        #expect(error?.text.contains("no thread for sink file:\(scratch.file("b"))") == true)
        try await goesOn(store)
    }

    /// A store that cannot note the new sinks keeps delivering to the old.
    @Test func aChangeThatCannotBeNoted() async throws {
        let store = try await Store.open(.test(scratch))
        try await store.deliver(to: [.file(FileSinkSettings(path: scratch.file("a")))])
        await store.damageSinkTable()
        await #expect(throws: OutboxError.self) {
            try await store.deliver(to: [
                .file(FileSinkSettings(path: scratch.file("a"), kept: 9)),
                .file(FileSinkSettings(path: scratch.file("b"))),
            ])
        }
        await store.mendSinkTable()
        try await goesOn(store)
    }

    private func goesOn(_ store: Store) async throws {
        #expect(await store.status().sinks.map(\.name) == ["file:" + scratch.file("a")])
        _ = try await store.append([.test(1)])
        try await until { scratch.lines("a").count == 1 }
        await store.close()
        #expect(scratch.lines("b").isEmpty)
    }
}

extension Store {
    fileprivate func giveNoThreads() { startCourier = { _ in false } }

    fileprivate func damageSinkTable() {
        try? ledger?.database.execute(
            "CREATE TRIGGER no BEFORE INSERT ON sink BEGIN SELECT RAISE(ABORT, 'no'); END")
    }

    fileprivate func mendSinkTable() { try? ledger?.database.execute("DROP TRIGGER no") }

    fileprivate func retire(_ courier: Courier) { retiring.append(courier) }

    fileprivate func hasNothing(for courier: Courier, _ limits: DeliveryLimits) -> Bool {
        load(for: courier, limits, isProbe: false) == nil
    }
}
