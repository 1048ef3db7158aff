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

    /// Reads the counts that are kept.
    init(_ store: Store) async throws(OutboxError) {
        self.store = store
        shook = [:]
        for (key, value) in try await store.state(prefix: Self.prefix)
        where key.hasSuffix(Self.suffix) {
            let id = String(key.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
            shook[id] = Int(String(decoding: value, as: UTF8.self))
        }
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
        } catch {
            for entry in batch { entry.reply.resume(returning: .failure(error)) }
        }
    }
}
