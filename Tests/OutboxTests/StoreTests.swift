import Outbox
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
