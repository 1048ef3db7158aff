/// Transitions that wait for their owner, in a ring allocated once.
struct TransitionQueue: ~Copyable, Sendable {
    private var ring: [Transition?]
    private var head = 0
    private(set) var count = 0

    init(capacity: Int) {
        ring = [Transition?](repeating: nil, count: max(capacity, 1))
    }

    /// Adds a transition.
    ///
    /// - Returns: false when there is no room; the caller keeps the change in its state.
    mutating func append(_ transition: Transition) -> Bool {
        guard count < ring.count else { return false }
        let tail = head + count
        ring[tail < ring.count ? tail : tail - ring.count] = transition
        count += 1
        return true
    }

    /// Takes the oldest transition out.
    mutating func next() -> Transition? {
        guard count > 0 else { return nil }
        let transition = ring[head]
        head = head + 1 < ring.count ? head + 1 : 0
        count -= 1
        return transition
    }
}
