/// How many events are sent to a sink at once.
///
/// It doubles with each delivery that is accepted. Where the sink says that it was too much, the size
/// between what it accepts and what it does not is looked for and kept: each try beyond costs a request
/// in vain and a wait of a second. After a while it is tried again, the sink may have changed.
struct BatchSize {
    /// Deliveries after which a size that was too much is tried again: one request in 64 is in vain.
    static let patience = 64

    private let most: Int
    /// How many to send.
    private(set) var limit: Int
    /// The most that was accepted.
    private var fits = 0
    /// The least that was too much, as far as is known.
    private var tooMany: Int?
    private var acceptedSince = 0

    init(most: Int) {
        self.most = most
        limit = most
    }

    /// So many events were accepted.
    mutating func accepted(_ count: Int) {
        fits = max(fits, count)
        acceptedSince += 1
        guard let tooMany else { return limit = min(most, limit * 2) }
        guard acceptedSince < Self.patience else {
            limit = tooMany
            self.tooMany = nil
            return
        }
        // Near enough is an eighth.
        if tooMany - limit > max(1, limit / 8) { limit += (tooMany - limit) / 2 }
    }

    /// So many events were too much.
    mutating func tooLarge(_ count: Int) {
        tooMany = count
        acceptedSince = 0
        // Events differ: as many as were accepted may be too much another time.
        if fits >= count { fits = 0 }
        limit = fits > 0 ? fits : max(1, count / 2)
    }

    /// One of so many events is at fault: half of them are tried.
    mutating func halve(_ count: Int) { limit = max(1, count / 2) }

    /// Back to the most, as in the beginning.
    mutating func reset() { self = BatchSize(most: most) }
}
