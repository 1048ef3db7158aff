internal import BeaconScanner

/// The ledger of a pedometer: turns a counter that the device starts anew when it likes into steps
/// of the hub's days, of which none is ever counted twice.
///
/// The counter is the device's running total of its own day, by its own clock, and the hub's clock
/// may be wrong too. What can be relied on is this: what the counter grew by was walked since it was
/// last seen, and when it fell it started from nothing, so all it shows was walked since it was last
/// seen. So each reading yields an increment that was walked after the one before, and each
/// increment is added to exactly one day. The sum of all days is never more than what was walked,
/// whatever the clocks say. It is less where the counter started anew unseen and had passed its old
/// value when it was seen again; nothing can tell that from a day without a midnight.
///
/// | the counter, seen before as n | increment | added to |
/// |---|---|---|
/// | is seen for the first time, c | c | the hub's day |
/// | grew to c, same hub day | c − n | that day |
/// | fell to c, same hub day: a reset, or the device's midnight comes early | c | that day |
/// | fell to c, new hub day | c | the new day |
/// | grew to c, within 30 min of hub midnight: the device's clock may lag | c − n | the day before, if n was seen then |
/// | grew to c, new hub day, later | c − n | the new day |
/// | changed by more than can have been walked since: a correction, or values out of order | none for now; n stays | – |
/// | the hub's clock went back without a time source | as above | the day of n |
/// | the hub's clock went back, by a time source, or forward | as above | the day it shows |
///
/// Distance and energy go with the steps, each with its own increment.
public struct StepDay: Hashable, Sendable {
    /// Where a driver keeps the ledger.
    public static let memoryKey = "steps"
    /// How long after the hub's midnight a device's clock may lag behind, in seconds.
    public static let grace: Int64 = 1800
    /// More steps a second than anybody walks: the fastest sprinters make 4.8.
    public static let mostStepsPerSecond: Int64 = 5
    /// More than that in a day is no day's total.
    public static let mostStepsPerDay = UInt32(5 * 86_400)
    /// How many days are remembered, so that a clock that jumps to and fro finds its day again.
    static let mostDays = 8

    /// What was counted on one day of the hub.
    public struct Total: Hashable, Sendable {
        /// The hub's local day, counted from 1970-01-01.
        public let day: Int32
        /// Steps.
        public fileprivate(set) var steps: UInt32 = 0
        /// Meters; nil while the device tells none.
        public fileprivate(set) var distance: UInt32?
        /// Kilocalories, as far as is known; nil while the device tells none.
        public fileprivate(set) var energy: UInt32?
        /// Whether it has changed since it was last taken.
        fileprivate var isChanged = true

        init(day: Int32) { self.day = day }
    }

    /// What a reading meant.
    public enum Outcome: Hashable, Sendable {
        /// It was counted, maybe as nothing new.
        case counted
        /// Nobody walks that fast: not counted. If the device stays with it, it is counted once
        /// enough time has passed.
        case implausible
        /// More steps than a day has room for; nothing was counted.
        case impossible
    }

    private struct Sight: Hashable {
        var steps: UInt32
        var distance: UInt32?
        var energy: UInt32?
        var boot: Int64
        var unix: Int64
        var day: Int32
        var isSynchronized: Bool
    }

    /// The days that are remembered, the one added to last at the end.
    public private(set) var days: [Total] = []
    private var sight: Sight?
    /// Whether the counter was seen by this ledger and not by one of an earlier connection, so that
    /// the boot clock is still the same.
    private var isSightFresh = false
    /// When the counter was first seen as it is, by the boot clock of this connection.
    private var unchangedSince: Int64 = 0
    /// Whether what was counted before is not known: the first reading counts for nothing.
    private var hasForgotten = false

    /// Makes an empty ledger.
    public init() {}

    /// Reads a ledger that was kept.
    ///
    /// Bytes that cannot be read make a ledger that counts from its first reading on, because what
    /// the counter shows may have been counted already.
    public init(memory: [UInt8]?) {
        guard let memory else { return }
        if let kept = Self(bytes: memory.span) { self = kept } else { hasForgotten = true }
    }

    /// Whether the ledger that was kept could not be read.
    public var isDamaged: Bool { hasForgotten }

    /// The device was read.
    public mutating func observed(_ value: WeChatSport, at now: DeviceClock) -> Outcome {
        guard value.steps <= Self.mostStepsPerDay else { return .impossible }
        let day = day(at: now)
        let hasStartedAnew = sight.map { value.steps < $0.steps } ?? true
        if let sight {
            let walked = hasStartedAnew ? value.steps : value.steps - sight.steps
            guard couldHaveBeenWalked(walked, since: sight, isFall: hasStartedAnew, now) else {
                return .implausible
            }
        }
        let isLagging =
            !hasStartedAnew && now.secondOfDay < Self.grace
            && sight.map { $0.day == day &- 1 } ?? false
        let credited = isLagging ? day &- 1 : day
        add(value, isNew: hasStartedAnew, to: credited)
        if !isSightFresh || value.steps != sight?.steps { unchangedSince = now.boot.nanoseconds }
        let before = hasStartedAnew ? nil : sight
        sight = Sight(
            steps: value.steps, distance: Self.higher(value.distance, before?.distance),
            energy: Self.higher(value.energy, before?.energy), boot: now.boot.nanoseconds,
            unix: now.unixSeconds, day: credited, isSynchronized: now.isSynchronized)
        isSightFresh = true
        return .counted
    }

    /// Whether a day has changed since the changes were last taken.
    public var hasChanges: Bool { days.contains(where: \.isChanged) }

    /// Takes the days that have changed since, oldest change first.
    public mutating func takeChanges() -> [Total] {
        let changed = days.filter(\.isChanged)
        for index in days.indices { days[index].isChanged = false }
        return changed
    }

    /// The hub's day of a reading. A clock without a time source is believed unless it goes back.
    private func day(at now: DeviceClock) -> Int32 {
        guard let sight, !now.isSynchronized, now.localDay < sight.day else { return now.localDay }
        return sight.day
    }

    /// The higher of two counts: one that is corrected downwards counts from its old height on.
    private static func higher(_ left: UInt32?, _ right: UInt32?) -> UInt32? {
        guard let left, let right else { return left ?? right }
        return max(left, right)
    }

    /// Whether so many steps can have been made since the counter was last seen; yes when nobody
    /// knows how long that was.
    private func couldHaveBeenWalked(
        _ steps: UInt32, since sight: Sight, isFall: Bool, _ now: DeviceClock
    ) -> Bool {
        // A counter that grows may be one that its device sets every few minutes only.
        let seen = isSightFresh && !isFall ? unchangedSince : sight.boot
        let boot = now.boot.nanoseconds &- seen
        let wall = now.unixSeconds &- sight.unix
        // Both clocks agree: the same boot, and the wall clock did not jump.
        let isSameBoot =
            isSightFresh || boot >= 0 && (wall &- boot / 1_000_000_000).magnitude <= 2
        let isTimed = isSameBoot || sight.isSynchronized && now.isSynchronized && wall >= 0
        // A day has room for every count that gets here.
        guard isTimed, wall < 86_400 || isSameBoot, boot < 86_400_000_000_000 || !isSameBoot else {
            return true
        }
        let nanoseconds = isSameBoot ? max(0, boot) : (wall &+ 1) &* 1_000_000_000
        // A notification and the answer to a read may overtake each other.
        if isFall, nanoseconds < 1_000_000_000 { return false }
        return Int64(steps) &* 1_000_000_000 <= Self.mostStepsPerSecond &* nanoseconds
    }

    private mutating func add(_ value: WeChatSport, isNew: Bool, to day: Int32) {
        let index = place(of: day)
        let before = days[index]
        func grown(_ total: UInt32?, _ now: UInt32?, _ then: UInt32?) -> UInt32? {
            guard let now else { return total }
            let increment = isNew ? now : then.map { now > $0 ? now - $0 : 0 } ?? now
            return (total ?? 0) &+ min(increment, .max - (total ?? 0))
        }
        if hasForgotten {
            hasForgotten = false
            days[index].isChanged = false
            return
        }
        days[index].steps = grown(before.steps, value.steps, sight?.steps) ?? before.steps
        days[index].distance = grown(before.distance, value.distance, sight?.distance)
        days[index].energy = grown(before.energy, value.energy, sight?.energy)
        if days[index] != before { days[index].isChanged = true }
    }

    /// Where a day is, moved to the end; the one that was added to longest ago makes room.
    private mutating func place(of day: Int32) -> Int {
        let total: Total
        if let index = days.firstIndex(where: { $0.day == day }) {
            total = days.remove(at: index)
        } else {
            total = Total(day: day)
            if days.count >= Self.mostDays { days.removeFirst() }
        }
        days.append(total)
        return days.count - 1
    }
}

// What is kept, little-endian:
//
// | size | field |
// |---|---|
// | 1 | version: 1 |
// | 1 | bits: 0 the counter was seen, 1 with distance, 2 with energy, 3 by a synchronized clock |
// | 12 | steps, distance, energy that were seen |
// | 16 | boot clock in nanoseconds, seconds since 1970 |
// | 4 | the hub's day |
// | 1 | number of days; for each: 4 day, 1 bits (1 distance, 2 energy), 12 steps, distance, energy |
extension StepDay {
    private static let version: UInt8 = 1

    /// The bytes to keep; changes that were not taken are kept as if they were.
    public var memory: [UInt8] {
        var bytes = [Self.version, bits]
        func append(_ number: some FixedWidthInteger) {
            for shift in stride(from: 0, to: number.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        append(sight?.steps ?? 0)
        append(sight?.distance ?? 0)
        append(sight?.energy ?? 0)
        append(sight?.boot ?? 0)
        append(sight?.unix ?? 0)
        append(sight?.day ?? 0)
        append(UInt8(truncatingIfNeeded: days.count))
        for total in days {
            append(total.day)
            append((total.distance == nil ? 0 : 2) | (total.energy == nil ? 0 : 4) as UInt8)
            append(total.steps)
            append(total.distance ?? 0)
            append(total.energy ?? 0)
        }
        return bytes
    }

    private var bits: UInt8 {
        guard let sight else { return 0 }
        return 1 | (sight.distance == nil ? 0 : 2) | (sight.energy == nil ? 0 : 4)
            | (sight.isSynchronized ? 8 : 0)
    }

    private init?(bytes: Span<UInt8>) {
        var cursor = ByteCursor()
        do throws(MalformedValue) {
            guard try cursor.uint8(bytes, "version") == Self.version else { return nil }
            let bits = try cursor.uint8(bytes, "bits")
            let (steps, distance, energy) = try Self.counts(bits, bytes, &cursor)
            let boot = Int64(bitPattern: try cursor.little(bytes, 8, "boot clock"))
            let unix = Int64(bitPattern: try cursor.little(bytes, 8, "wall clock"))
            let day = Int32(bitPattern: try cursor.uint32(bytes, "day"))
            if bits & 1 != 0 {
                sight = Sight(
                    steps: steps, distance: distance, energy: energy, boot: boot, unix: unix,
                    day: day, isSynchronized: bits & 8 != 0)
            }
            let count = try cursor.uint8(bytes, "number of days")
            guard count <= Self.mostDays else { return nil }
            for _ in 0..<count {
                var total = Total(day: Int32(bitPattern: try cursor.uint32(bytes, "day")))
                let bits = try cursor.uint8(bytes, "bits")
                (total.steps, total.distance, total.energy) = try Self.counts(bits, bytes, &cursor)
                total.isChanged = false
                days.append(total)
            }
            guard cursor.position == bytes.count else { return nil }
        } catch {
            return nil
        }
    }

    private static func counts(
        _ bits: UInt8, _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(MalformedValue) -> (UInt32, UInt32?, UInt32?) {
        let steps = try cursor.uint32(bytes, "steps")
        let distance = try cursor.uint32(bytes, "distance")
        let energy = try cursor.uint32(bytes, "energy")
        return (steps, bits & 2 == 0 ? nil : distance, bits & 4 == 0 ? nil : energy)
    }
}
