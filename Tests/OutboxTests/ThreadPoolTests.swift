import Foundation
import Synchronization
import Testing

@testable import Outbox

@Suite("Keeping and delivering need no thread of Swift's pool", .serialized)
struct ThreadPoolTests {
    let scratch = Scratch()

    /// Somebody on a thread of its own, as the daemon's loop is.
    actor Caller {
        private nonisolated let thread = SerialThread(name: "test-caller")
        nonisolated var unownedExecutor: UnownedSerialExecutor {
            unsafe thread.asUnownedSerialExecutor()
        }

        init() {
            _ = thread.start()
        }

        deinit {
            thread.stop()
        }

        func work(_ store: Store, _ sink: SinkSettings, done: Gate) async throws -> [Int64] {
            try await store.deliver(to: [sink])
            let receipts = try await store.append([.test(1), .test(2)])
            await store.close()
            done.open()
            return receipts.map(\.sequence)
        }
    }

    /// Holds threads until it is opened, or ten seconds have passed.
    final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let wasOpened = Atomic<Bool>(false)

        func open() {
            wasOpened.store(true, ordering: .releasing)
            semaphore.signal()
        }

        func hold() {
            _ = semaphore.wait(timeout: .now() + 10)
            semaphore.signal()
        }

        var isOpen: Bool { wasOpened.load(ordering: .acquiring) }
    }

    @Test func noPool() async throws {
        let store = try await Store.open(.test(scratch))
        let gate = Gate()
        let sink = SinkSettings.file(FileSinkSettings(path: scratch.file("events.jsonl")))
        // More than the pool has threads.
        let holders = (0..<64).map { _ in
            Task.detached {
                gate.hold()
                return gate.isOpen
            }
        }
        let caller = Caller()
        #expect(try await caller.work(store, sink, done: gate) == [1, 2])
        for holder in holders { #expect(await holder.value, "the pool was waited for") }
        #expect(scratch.lines("events.jsonl").count == 2)
    }
}
