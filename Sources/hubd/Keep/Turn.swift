import EventLoop

/// Lets one thing be done at a time, in the order in which they come.
///
/// Not by waiting for one another's tasks: `Task.value` goes by a thread of Swift's pool, which
/// wants a priority that the unit's filter does not give.
@Hub
final class Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waits for its turn and takes it.
    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { continuation in
            // It may have been given back between the look and here.
            guard isTaken else {
                isTaken = true
                return continuation.resume()
            }
            waiting.append(continuation)
        }
    }

    /// Gives it back; whoever has waited longest takes it over before anybody else can begin.
    func give() {
        if waiting.isEmpty {
            isTaken = false
        } else {
            waiting.removeFirst().resume()
        }
    }
}
