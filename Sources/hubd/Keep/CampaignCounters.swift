import EventLoop
import Outbox

/// How often each campaign was served: exact, because a count becomes durable in the same
/// transaction as the event that it counts.
///
/// While one transaction is under way, what comes meanwhile waits and goes into the next one
/// together, so counting stays exact and a slow disk makes larger commits, not a longer queue.
@Hub
final class CampaignCounters {
    private struct Entry {
        let event: Event
        let served: [String]
        let reply: CheckedContinuation<Result<Receipt, OutboxError>, Never>
    }

    private static let prefix = "campaign/"
    private static let suffix = "/shook"

    private let store: Store
    private var shook: [String: Int]
    private var waiting: [Entry] = []
    private var isBusy = false
    /// A commit failed in a way that leaves open whether it took place: the counts are read again.
    private var isInDoubt = false

    /// Reads the counts that are kept.
    init(_ store: Store) async throws(OutboxError) {
        self.store = store
        shook = try await Self.read(store)
    }

    private static func read(_ store: Store) async throws(OutboxError) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (key, value) in try await store.state(prefix: prefix) where key.hasSuffix(suffix) {
            let id = String(key.dropFirst(prefix.count).dropLast(suffix.count))
            counts[id] = Int(String(decoding: value, as: UTF8.self))
        }
        return counts
    }

    func shook(_ campaign: String) -> Int { shook[campaign] ?? 0 }

    /// Keeps a shake and counts the campaigns that it served.
    ///
    /// - Returns: when both are durable.
    /// - Throws: when they are not; then nothing was counted.
    func record(_ event: Event, served: [String]) async throws(OutboxError) -> Receipt {
        let result = await withCheckedContinuation { reply in
            waiting.append(Entry(event: event, served: served, reply: reply))
            guard !isBusy else { return }
            isBusy = true
            Task { await self.work() }
        }
        return try result.get()
    }

    private func work() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(64))
            waiting.removeFirst(batch.count)
            await keep(batch)
        }
        isBusy = false
    }

    private func keep(_ batch: [Entry]) async {
        if isInDoubt, let counts = try? await Self.read(store) {
            shook = counts
            isInDoubt = false
        }
        var counts: [String: Int] = [:]
        for campaign in batch.flatMap(\.served) {
            counts[campaign] = (counts[campaign] ?? shook(campaign)) + 1
        }
        let state = counts.map { campaign, count in
            StateChange(
                key: Self.prefix + campaign + Self.suffix, value: Array(String(count).utf8))
        }
        do throws(OutboxError) {
            let receipts = try await store.append(batch.map(\.event), state: state)
            shook.merge(counts) { $1 }
            for (entry, receipt) in zip(batch, receipts) {
                entry.reply.resume(returning: .success(receipt))
            }
        } catch  where error.code == .tooLarge && batch.count > 1 {
            // Together too much for one transaction; each alone may well fit.
            for entry in batch { await keep([entry]) }
        } catch {
            isInDoubt = error.code == .storage
            for entry in batch { entry.reply.resume(returning: .failure(error)) }
        }
    }
}
