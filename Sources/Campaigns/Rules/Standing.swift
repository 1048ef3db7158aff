extension Campaign {
    /// Why the campaign is served nowhere at a time.
    ///
    /// - Parameters:
    ///   - time: the wall clock.
    ///   - remainingStock: what is left, by campaign id; one that is missing has all it began with.
    /// - Returns: nil when it runs.
    public func obstacle(at time: LocalTime, remainingStock: [String: Int] = [:]) -> Obstacle? {
        guard state == .running else { return .state(state) }
        if let obstacle = schedule.obstacle(at: time) { return obstacle }
        guard let stock else { return nil }
        return (remainingStock[id] ?? stock) > 0 ? nil : .outOfStock
    }

    /// The state to show: a campaign whose last day is past has ended, whatever the catalog says.
    public func state(at time: LocalTime) -> State {
        if case .over = schedule.obstacle(at: time) { .ended } else { state }
    }
}
