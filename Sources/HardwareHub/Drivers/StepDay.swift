internal import BeaconScanner

/// The ledger of a pedometer: turns a counter that the device starts anew when it likes into steps
/// of the hub's days, of which none is counted twice.
///
/// The counter is the device's running total of its own day, by its own clock, and the hub's clock
/// may be wrong too. What the counter grew by was walked since it was last seen; when it fell it
/// started from nothing, so all it shows was walked since. Each reading yields an increment, and each
/// increment is added to exactly one day.
///
/// One thing has to be assumed: that a counter which is higher today than it was yesterday evening
/// has started anew at midnight, as the protocol says and as bands do whose clock is right. Otherwise
/// who is heard once an evening would lose most of their steps. It is assumed only of a time when
/// both clocks of the hub can be trusted, with half an hour to spare on both sides of midnight, and
/// only if so much can have been walked since. What contradicts it is believed: when the counter falls
/// in the middle of a day, what was assumed of that day is taken back, and nothing more is assumed
/// until the counter is seen to fall across a midnight; so it is after three midnights without any fall.
///
/// | the counter, seen before as n | increment | added to |
/// |---|---|---|
/// | is seen for the first time, c | c | the hub's day |
/// | grew to c, same hub day | c − n | that day |
/// | fell to c, same hub day: a reset, or the device's midnight is another | c | that day, less what was assumed of it |
/// | fell to c, new hub day | c | the new day |
/// | grew to c, within 30 min of hub midnight: the device's clock may lag | c − n | the day before, if n was seen then |
/// | grew to c, new hub day, later | c, if that may be assumed; else c − n | the new day |
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
    /// What a person walks who does not stop, in steps a second: 120 a minute.
    static let briskStepsPerSecond: Int64 = 2
    /// How many midnights in a row are assumed to have started a counter anew that was never seen to fall.
    static let mostAssumed: UInt8 = 3
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

    /// What the counter showed before a midnight at which it is assumed to have started anew.
    private struct Assumption: Hashable {
        var day: Int32
        var steps: UInt32
        var distance: UInt32?
        var energy: UInt32?
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
    private var assumed: Assumption?
    /// Midnights that were assumed since the counter was last seen to fall.
    private var assumedCount: UInt8 = 0
    /// Whether the counter fell in the middle of a day.
    private var isMidnightElsewhere = false
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
        let hasFallen = sight.map { value.steps < $0.steps } ?? true
        if let sight {
            let walked = hasFallen ? value.steps : value.steps - sight.steps
            guard couldHaveBeenWalked(walked, since: sight, isFall: hasFallen, now) else {
                return .implausible
            }
        }
        let isLagging =
            !hasFallen && now.secondOfDay < Self.grace
            && sight.map { $0.day == day &- 1 } ?? false
        let isAssumed = !hasFallen && !isLagging && mayAssumeMidnight(before: value, now)
        let credited = isLagging ? day &- 1 : day
        if hasFallen { fell(on: day, now) }
        let hasStartedAnew = hasFallen || isAssumed
        add(value, isNew: hasStartedAnew, to: credited)
        if isAssumed, let sight {
            assumedCount += 1
            assumed = Assumption(
                day: day, steps: sight.steps, distance: sight.distance, energy: sight.energy)
        }
        if !isSightFresh || value.steps != sight?.steps { unchangedSince = now.boot.nanoseconds }
        let before = hasStartedAnew ? nil : sight
        sight = Sight(
            steps: value.steps, distance: Self.higher(value.distance, before?.distance),
            energy: Self.higher(value.energy, before?.energy), boot: now.boot.nanoseconds,
            unix: now.unixSeconds, day: credited, isSynchronized: now.isSynchronized)
        isSightFresh = true
        return .counted
    }

    /// Seconds since the counter was last seen; nil when the hub's clocks cannot tell.
    private func silence(_ now: DeviceClock) -> Int64? {
        guard let sight, sight.isSynchronized, now.isSynchronized else { return nil }
        let (seconds, overflow) = now.unixSeconds.subtractingReportingOverflow(sight.unix)
        return overflow || seconds < 0 ? nil : seconds
    }

    /// Whether a counter that did not fall started anew at the hub's midnight: see above.
    private func mayAssumeMidnight(before value: WeChatSport, _ now: DeviceClock) -> Bool {
        guard !isMidnightElsewhere, assumedCount < Self.mostAssumed, let silence = silence(now),
            silence > now.secondOfDay + Self.grace
        else { return false }
        return Int64(value.steps) <= Self.briskStepsPerSecond * now.secondOfDay
    }

    /// What a fall says about the device's midnight.
    private mutating func fell(on day: Int32, _ now: DeviceClock) {
        guard let silence = silence(now) else { return }
        if silence > now.secondOfDay {
            (isMidnightElsewhere, assumedCount, assumed) = (false, 0, nil)
            return
        }
        // A clock that is ahead by minutes.
        guard now.secondOfDay < 86_400 - Self.grace else { return }
        isMidnightElsewhere = true
        takeBack(day)
    }

    /// The counter had not started anew at midnight after all: what it showed then was counted before.
    private mutating func takeBack(_ day: Int32) {
        guard let assumed, assumed.day == day else { return }
        self.assumed = nil
        let index = place(of: day)
        days[index].steps -= min(days[index].steps, assumed.steps)
        days[index].distance = Self.less(days[index].distance, assumed.distance)
        days[index].energy = Self.less(days[index].energy, assumed.energy)
        days[index].isChanged = true
    }

    private static func less(_ total: UInt32?, _ part: UInt32?) -> UInt32? {
        total.map { $0 - min($0, part ?? 0) }
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
// | 1 | version: 2 |
// | 1 | bits: 0 the counter was seen, 1 with distance, 2 with energy, 3 by a synchronized clock, 4 its
//       midnight is not the hub's, 5 a midnight is assumed, 6 with distance, 7 with energy |
// | 12 | steps, distance, energy that were seen |
// | 16 | boot clock in nanoseconds, seconds since 1970 |
// | 4 | the hub's day |
// | 17 | midnights that were assumed, and of the last one day, steps, distance, energy; not in version 1 |
// | 1 | number of days; for each: 4 day, 1 bits (1 distance, 2 energy), 12 steps, distance, energy |
extension StepDay {
    private static let version: UInt8 = 2

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
        append(assumedCount)
        append(assumed?.day ?? 0)
        append(assumed?.steps ?? 0)
        append(assumed?.distance ?? 0)
        append(assumed?.energy ?? 0)
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
        var bits: UInt8 = 1 | (sight.distance == nil ? 0 : 2) | (sight.energy == nil ? 0 : 4)
        bits |= (sight.isSynchronized ? 8 : 0) | (isMidnightElsewhere ? 16 : 0)
        guard let assumed else { return bits }
        return bits | 32 | (assumed.distance == nil ? 0 : 64) | (assumed.energy == nil ? 0 : 128)
    }

    private init?(bytes: Span<UInt8>) {
        var cursor = ByteCursor()
        do throws(MalformedValue) {
            let version = try cursor.uint8(bytes, "version")
            guard (1...Self.version).contains(version) else { return nil }
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
            if version > 1 { try readAssumption(bits, bytes, &cursor) }
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

    private mutating func readAssumption(
        _ bits: UInt8, _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(MalformedValue) {
        isMidnightElsewhere = bits & 16 != 0
        assumedCount = min(Self.mostAssumed, try cursor.uint8(bytes, "midnights assumed"))
        let day = Int32(bitPattern: try cursor.uint32(bytes, "day"))
        let (steps, distance, energy) = try Self.counts(bits >> 5, bytes, &cursor)
        guard bits & 32 != 0 else { return }
        assumed = Assumption(day: day, steps: steps, distance: distance, energy: energy)
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
