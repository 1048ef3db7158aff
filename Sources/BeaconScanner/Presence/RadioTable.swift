/// What is known of the radios: where they are, and since when each listens.
struct RadioTable: ~Copyable, Sendable {
    private struct Radio: Sendable {
        /// Since when it listens, observed time; `Int64.max` when it does not.
        var listening = Int64.max
        var zone = Int32(-1)
    }

    private var radios = [Radio](repeating: Radio(), count: 256)
    /// The parent of each zone; −1 at the top.
    private var parents: [Int32] = []
    /// The radios that listen.
    private(set) var hearing = RadioSet()
    /// Since when any radio listens without a break, observed time; nil when none does.
    private(set) var listeningSince: Int64?

    /// The radio listens, from now on if it did not before.
    mutating func startListening(_ radio: UInt8, at now: Int64) {
        guard !hearing.contains(radio) else { return }
        hearing.insert(radio)
        radios[Int(radio)].listening = now
        findEarliest()
    }

    /// The radio does not listen.
    mutating func stopListening(_ radio: UInt8) {
        hearing.remove(radio)
        radios[Int(radio)].listening = .max
        findEarliest()
    }

    /// Every listening radio starts anew: what was before now was not observed.
    mutating func restartListening(at now: Int64) {
        for radio in UInt8.min...UInt8.max where hearing.contains(radio) {
            radios[Int(radio)].listening = now
        }
        findEarliest()
    }

    /// Since when a radio listens, observed time; `Int64.max` when it does not.
    func listeningSince(_ radio: UInt8) -> Int64 { radios[Int(radio)].listening }

    private mutating func findEarliest() {
        let earliest = radios.reduce(Int64.max) { min($0, $1.listening) }
        listeningSince = earliest == .max ? nil : earliest
    }

    mutating func assign(_ radio: UInt8, zone: Int32) {
        radios[Int(radio)].zone = max(zone, -1)
    }

    mutating func setParents(_ parents: [Int32]) {
        self.parents = parents
    }

    /// The zone of a radio; −1 for none.
    func zone(of radio: UInt8) -> Int32 { radios[Int(radio)].zone }

    /// Whether a beacon of `zone` heard best by `radio` is elsewhere: the radio's zone is neither
    /// that zone nor above or below it, although a radio of that zone listens.
    func isElsewhere(_ zone: Int32, heardBy radio: UInt8) -> Bool {
        let heard = radios[Int(radio)].zone
        guard zone >= 0, heard >= 0, !isRelated(heard, zone) else { return false }
        return (UInt8.min...UInt8.max).contains {
            hearing.contains($0) && radios[Int($0)].zone >= 0
                && isRelated(radios[Int($0)].zone, zone)
        }
    }

    private func isRelated(_ left: Int32, _ right: Int32) -> Bool {
        isWithin(left, right) || isWithin(right, left)
    }

    /// Whether a zone is another one or lies within it.
    private func isWithin(_ zone: Int32, _ outer: Int32) -> Bool {
        var current = zone
        // No hierarchy of zones is deeper; a bound, as a loop of parents must not hang us.
        for _ in 0..<32 {
            if current == outer { return true }
            guard current >= 0, Int(current) < parents.count else { return false }
            current = parents[Int(current)]
        }
        return false
    }
}
