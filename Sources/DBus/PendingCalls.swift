internal import EventLoop

/// Calls of ours that wait for their answer, by serial.
@Hub
final class PendingCalls {
    private struct Pending {
        let continuation: CheckedContinuation<Result<Reply, BusError>, Never>
        let timer: EventLoop.Timer
    }

    private var waiting: [UInt32: Pending] = [:]

    /// Sends a call and waits for the answer.
    ///
    /// The call is sent inside the continuation: between any two awaits other work may run, and an
    /// answer must not arrive before somebody waits for it.
    ///
    /// - Throws: what `send` throws, the error that the callee answered with, NoReply after the
    ///   timeout, or what `failAll` was given.
    func reply(
        timeout: Duration, what: String, send: () throws(BusError) -> UInt32
    ) async throws(BusError) -> Message {
        let result = await withCheckedContinuation { continuation in
            do throws(BusError) {
                let serial = try send()
                let timer = Hub.loop.schedule(after: timeout) {
                    let late = BusError(.noReply, "no answer to \(what) within \(timeout)")
                    self.waiting.removeValue(forKey: serial)?.continuation.resume(
                        returning: .failure(late))
                }
                waiting[serial] = Pending(continuation: continuation, timer: timer)
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        guard let message = try result.get().take() else {
            throw BusError(.noReply, "the answer was taken twice")
        }
        if let error = message.error { throw error }
        return message
    }

    /// Hands an answer to whom it belongs; one that nobody waits for, or no longer, is dropped.
    func take(_ message: consuming Message) {
        guard let pending = waiting.removeValue(forKey: message.replySerial) else { return }
        pending.timer.cancel()
        pending.continuation.resume(returning: .success(Reply(message)))
    }

    /// Ends all waiting: the connection is lost, and answers will never come.
    func failAll(_ error: BusError) {
        let pending = waiting.values
        waiting = [:]
        for call in pending {
            call.timer.cancel()
            call.continuation.resume(returning: .failure(error))
        }
    }
}

/// Carries a message through a continuation, which can only hold what can be copied.
@Hub
private final class Reply {
    private var message: Message?

    init(_ message: consuming Message) {
        self.message = consume message
    }

    func take() -> Message? { message.take() }
}
