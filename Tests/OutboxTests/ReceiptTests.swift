import Foundation
import Synchronization
import Testing

@testable import Outbox

@Suite("A receipt is of the event that was handed in, whatever fails on the way")
struct ReceiptTests {
    let scratch = Scratch()

    private var mark: String { scratch.file("hubd.db-mark") }

    /// Makes the mark one that cannot be written, as on a disk that has failed.
    private static func spoil(_ mark: String) {
        try? FileManager.default.moveItem(atPath: mark, toPath: mark + "-away")
        try? FileManager.default.createSymbolicLink(
            atPath: mark, withDestinationPath: "/nonexistent/mark")
    }

    private static func mend(_ mark: String) {
        try? FileManager.default.removeItem(atPath: mark)
        try? FileManager.default.moveItem(atPath: mark + "-away", toPath: mark)
    }

    /// Appends until so many numbers are left before more have to be reserved, in the mark.
    private func useUpNumbers(of store: Store, but rest: Int64) async throws {
        for _ in 0..<NumberMark.block - rest { store.post(.test(0, class: .presence)) }
        try await until { await store.status().lastSequence == NumberMark.block - rest }
    }

    /// A store that takes a step each time it asks for the time.
    private func store(_ steps: Steps) async throws -> Store {
        var settings = StoreSettings.test(scratch)
        settings.clock = {
            steps.take()
            return someTime
        }
        return try await Store.open(settings)
    }

    /// A transaction that fails before it has an event is not taken for the one before it.
    @Test func failsBeforeItHasANumber() async throws {
        let (mark, steps) = (self.mark, Steps())
        let store = try await store(steps)
        try await useUpNumbers(of: store, but: 0)
        // Once asked for the request, once when it is tried again.
        steps.next([{ Self.spoil(mark) }, { Self.mend(mark) }])
        let receipt = try? await store.append([.test(-7)])
        let there = try await store.events(after: NumberMark.block, limit: 10).events
        #expect(there.map(\.sequence) == receipt?.map(\.sequence) ?? [])
        #expect(there.map(\.number) == (receipt == nil ? [] : [-7]))
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// When the first of several transactions fails for good, the others are refused as well.
    @Test func whatWaitsBehindAFailureIsRefused() async throws {
        let (mark, steps) = (self.mark, Steps())
        let store = try await store(steps)
        try await useUpNumbers(of: store, but: 1)
        // The first takes the last number, while the others come to wait.
        let isWaited = DispatchSemaphore(value: 0)
        steps.next([{ isWaited.wait() }, { Self.spoil(mark) }])
        let first = Task { try await store.append([.test(0)]) }
        try await until { steps.count == 1 }
        let others = (1...6).map { number in
            Task { try await store.append([.test(number, padding: 250_000)]) }
        }
        try await until { store.health.waiting == 6 }
        isWaited.signal()
        #expect(try await first.value.count == 1)
        for other in others { await #expect(throws: OutboxError.self) { try await other.value } }
        Self.mend(mark)
        try await until { (try? await store.append([.test(-1)])) != nil }
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }
}

/// What happens while the clock is asked, one after the other.
private final class Steps: Sendable {
    private let steps = Mutex<[@Sendable () -> Void]>([])

    var count: Int { steps.withLock { $0.count } }

    func next(_ steps: [@Sendable () -> Void]) { self.steps.withLock { $0 = steps } }

    func take() {
        let step = steps.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        step?()
    }
}
