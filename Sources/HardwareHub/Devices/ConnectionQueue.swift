public import BeaconScanner

/// Which device is connected to, and when: a pure value, whose owner tells it what is seen and how
/// connections end, and asks it who is next.
///
/// A controller makes one connection at a time, so one is being made at a time; up to 16 last
/// (reliability, F17). First come those that are on the air for seconds, a scale, and of them who
/// came last: who has been there for long will be there for longer. After a minute nobody is passed
/// any more. Then come those that stay, a band, who waits longest first. A device is only called while it is
/// heard: calling one that has gone costs everybody 20 s.
///
/// After a connection a device is left alone for a while that depends on how it went:
///
/// | how it ended | next connection |
/// |---|---|
/// | with findings | when the device shows up anew after 3 s of silence; one that goes on advertising after 1 min, 2 min … 15 min |
/// | without any | when it shows up anew after 30 s of silence; else after 5 s, 10 s … 15 min |
/// | transient | after 1 s, 2 s … 1 min |
/// | storage | after 5 s, 10 s … 1 min |
/// | protocol | after 30 s, 1 min … 15 min |
/// | authentication | after 1 min, 2 min … 1 h |
/// | unsupported, hostile | after 1 h |
///
/// A device that stays connected and has nothing to say keeps its place until somebody else waits
/// for one.
public struct ConnectionQueue: Sendable {
    /// Most connections at once.
    public static let places = 16
    /// A device counts as heard for so long after an advertisement: devices that wait for somebody
    /// advertise at least once a second, and the scan is not always on.
    public static let heardFor: Int64 = 5_000_000_000
    /// After so long a silence a device shows up anew: an advertiser pauses a second at most (Core
    /// 5.4, Vol 6, Part B, §4.4.2.2: up to 10.24 s are allowed, health devices use less than one).
    public static let silence: Int64 = 3_000_000_000
    /// The same for one that had nothing to say last time: it may only have been slow to advertise
    /// again after the connection, and must not be called again and again for that.
    public static let longSilence: Int64 = 30_000_000_000

    /// Who waits for so long is passed by nobody.
    static let longWait: Int64 = 60_000_000_000

    /// What a device is doing.
    public enum Phase: Hashable, Sendable {
        /// Not connected.
        case idle
        /// Being connected to.
        case connecting
        /// Connected.
        case connected
        /// Connected, with nothing to say for now.
        case resting
    }

    private struct Entry: Sendable {
        var phase = Phase.idle
        var isBrief = false
        /// When it was heard last.
        var heard: BootTime?
        /// Since when it waits for a place; nil while it does not.
        var waitingSince: BootTime?
        /// Not before this time.
        var notBefore: BootTime?
        /// Ends of the same kind, one after the other.
        var repeats = 0
        var last: DeviceOutcome?
        /// Whether the last connection brought anything.
        var hadFindings = false

        /// Its place in the line; the lowest is next.
        func rank(at now: BootTime) -> (Int, Int64) {
            // While it is left alone it does not wait.
            let since = max(
                waitingSince?.nanoseconds ?? now.nanoseconds, notBefore?.nanoseconds ?? .min)
            if now.nanoseconds &- since >= ConnectionQueue.longWait { return (0, since) }
            return isBrief ? (1, 0 &- since) : (2, since)
        }

        var silence: Int64 { hadFindings ? ConnectionQueue.silence : ConnectionQueue.longSilence }
    }

    private var entries: [String: Entry] = [:]

    /// Makes an empty queue.
    public init() {}

    // MARK: What happens

    /// A device was heard and is one to connect to.
    ///
    /// - Parameters:
    ///   - device: which one.
    ///   - isBrief: whether it is one that is on the air for seconds.
    ///   - now: the time.
    public mutating func heard(_ device: String, isBrief: Bool = false, at now: BootTime) {
        var entry = entries[device] ?? Entry()
        entry.isBrief = isBrief
        if entry.phase == .idle, case .done? = entry.last, let heard = entry.heard,
            now.nanoseconds(since: heard) >= entry.silence
        {
            // It has been away and is back: it has something new to say.
            entry.notBefore = nil
            entry.repeats = 0
        }
        let wasAway = !isHeard(entry, at: now)
        entry.heard = now
        if entry.phase == .idle, entry.waitingSince == nil || wasAway { entry.waitingSince = now }
        entries[device] = entry
    }

    /// The connection is made.
    public mutating func connected(_ device: String) {
        if entries[device]?.phase == .connecting { entries[device]?.phase = .connected }
    }

    /// A device has nothing to say for now, or something again.
    public mutating func rests(_ device: String, _ isResting: Bool) {
        guard let phase = entries[device]?.phase, phase == .connected || phase == .resting else {
            return
        }
        entries[device]?.phase = isResting ? .resting : .connected
    }

    /// A connection has ended, or was not made.
    ///
    /// - Parameters:
    ///   - device: whose.
    ///   - outcome: how.
    ///   - hadFindings: whether it brought anything.
    ///   - now: the time.
    public mutating func ended(
        _ device: String, _ outcome: DeviceOutcome, hadFindings: Bool, at now: BootTime
    ) {
        guard var entry = entries[device] else { return }
        let isSame = Self.isSame(entry.last, outcome) && entry.hadFindings == hadFindings
        entry.repeats = isSame ? entry.repeats &+ 1 : 0
        entry.last = outcome
        entry.hadFindings = hadFindings
        entry.phase = .idle
        entry.waitingSince = nil
        entry.notBefore = BootTime(
            nanoseconds: now.nanoseconds
                &+ Self.pause(after: outcome, hadFindings: hadFindings, repeats: entry.repeats))
        // Heard until now, by way of the connection.
        entry.heard = now
        entries[device] = entry
    }

    /// Somebody has mended something: what is known of past failures counts no longer.
    public mutating func retry(_ device: String) {
        entries[device]?.notBefore = nil
        entries[device]?.repeats = 0
        entries[device]?.last = nil
    }

    /// A device is no longer one to connect to.
    public mutating func forget(_ device: String) { entries[device] = nil }

    // MARK: What follows

    /// The device to connect to now; it counts as being connected to from then on.
    ///
    /// - Returns: nil when nobody is due or there is no place.
    public mutating func next(at now: BootTime) -> String? {
        guard !entries.values.contains(where: { $0.phase == .connecting }), taken < Self.places,
            let first = firstDue(at: now)
        else { return nil }
        entries[first]?.phase = .connecting
        entries[first]?.waitingSince = nil
        return first
    }

    /// The device that has to give up its place for one that is due: one that rests, of several the
    /// first by name.
    public func toEnd(at now: BootTime) -> String? {
        guard taken >= Self.places, firstDue(at: now) != nil else { return nil }
        return entries.filter { $0.value.phase == .resting }.keys.min()
    }

    /// When somebody may be due who is not now; nil when nobody is waited for.
    public func nextDeadline(at now: BootTime) -> BootTime? {
        entries.values.compactMap { entry in
            guard entry.phase == .idle, let notBefore = entry.notBefore, notBefore > now,
                isHeard(entry, at: now)
            else { return nil }
            return notBefore
        }.min()
    }

    /// What a device is doing.
    public func phase(of device: String) -> Phase { entries[device]?.phase ?? .idle }

    /// How the last connection to a device ended; nil without one.
    public func lastOutcome(of device: String) -> DeviceOutcome? { entries[device]?.last }

    /// When a device may be called again; nil when it may.
    public func notBefore(of device: String, at now: BootTime) -> BootTime? {
        entries[device]?.notBefore.flatMap { $0 > now ? $0 : nil }
    }

    private var taken: Int { entries.values.count { $0.phase != .idle } }

    private func isHeard(_ entry: Entry, at now: BootTime) -> Bool {
        entry.heard.map { now.nanoseconds(since: $0) <= Self.heardFor } ?? false
    }

    private func firstDue(at now: BootTime) -> String? {
        entries.filter { _, entry in
            entry.phase == .idle && entry.waitingSince != nil && isHeard(entry, at: now)
                && entry.notBefore.map { $0 <= now } ?? true
        }.min {
            let (left, right) = ($0.value.rank(at: now), $1.value.rank(at: now))
            return left == right ? $0.key < $1.key : left < right
        }?.key
    }

    private static func isSame(_ last: DeviceOutcome?, _ new: DeviceOutcome) -> Bool {
        switch (last, new) {
        case (.done, .done): true
        case (.failed(let last), .failed(let new)): last.faultClass == new.faultClass
        default: false
        }
    }

    /// How long a device is left alone, in nanoseconds; twice as long each time, up to a limit.
    static func pause(
        after outcome: DeviceOutcome, hadFindings: Bool, repeats: Int
    ) -> Int64 {
        let (first, longest): (Int64, Int64) =
            switch outcome {
            case .done: hadFindings ? (60, 900) : (5, 900)
            case .failed(let fault):
                switch fault.faultClass {
                case .transient: (1, 60)
                case .storage: (5, 60)
                case .protocolError: (30, 900)
                case .authentication: (60, 3_600)
                case .unsupported, .hostile: (3_600, 3_600)
                }
            }
        let seconds = min(longest, first << Int64(max(0, min(repeats, 12))))
        return seconds * 1_000_000_000
    }
}
