/// How long to wait before the next try: twice as long each time, between two bounds.
struct BackOff: Hashable, Sendable {
    /// A bus that restarts is back within this time or two of it.
    private static let shortest = Duration.milliseconds(100)
    /// Longer would be noticed by people; shorter would be felt by a machine that has trouble.
    private static let longest = Duration.seconds(5)

    private var upcoming = Self.shortest

    /// The next wait.
    mutating func next() -> Duration {
        defer { upcoming = min(upcoming * 2, Self.longest) }
        return upcoming
    }

    /// Starts over after a success.
    mutating func reset() { upcoming = Self.shortest }
}
