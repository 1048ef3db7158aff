/// How long to wait before the next try: twice as long each time, between two bounds.
struct RetryDelay: Hashable, Sendable {
    private let shortest: Duration
    private let longest: Duration
    private var upcoming: Duration

    init(from shortest: Duration, to longest: Duration) {
        self.shortest = shortest
        self.longest = longest
        upcoming = shortest
    }

    /// The next wait.
    mutating func next() -> Duration {
        defer { upcoming = min(upcoming * 2, longest) }
        return upcoming
    }

    /// Starts over after a success.
    mutating func reset() { upcoming = shortest }
}
