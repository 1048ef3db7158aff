import BeaconScanner
import CLinux
import Campaigns
import CaptureFile
import Glibc

/// A capture on its way through scanner, presence and campaigns, without a daemon.
///
/// Everything goes by the capture's own clock, so the result is the same whenever it is run: the
/// campaigns are those that ran when the capture was made.
struct Replay: ~Copyable {
    /// How many beacons a capture without a catalog may have for each to be followed.
    static let mostBeacons = Catalog.maximumBeacons

    /// What came of it.
    struct Result {
        var entered = 0
        var left = 0
        /// Reports of a configured, present beacon at which at least one campaign ran.
        var matched = 0
        var seconds = 0.0
    }

    private(set) var result = Result()
    private var scanner: Scanner
    private var index: CampaignIndex
    /// The next time the set of running campaigns can change, in the capture's µs since 1970.
    private var nextRefresh: Int64
    private var nextTick = BootTime(nanoseconds: .min)
    /// The earlier of the two, in µs: all that a record is compared with.
    private var nextDue = Int64.min
    /// The first record's time in µs since 1970; nil before it.
    private var origin: Int64?
    /// What this round is moved by, so that time goes on from one to the next, in µs; the first
    /// one stays where it is.
    private var shift: Int64 = 0
    private var latest: Int64 = 0

    init(_ catalog: Catalog) {
        index = CampaignIndex(catalog)
        nextRefresh = catalog.campaigns.isEmpty ? .max : .min
        var settings = PresenceSettings()
        settings.unknownCapacity = 65_536
        // A fixed seed: the same capture gives the same result.
        scanner = Scanner(
            presence: PresenceTable(
                beacons: catalog.knownBeacons, zoneParents: catalog.zoneParents,
                settings: settings, seed: 1, at: BootTime(nanoseconds: 0)))
    }

    /// Plays the file once.
    ///
    /// - Parameters:
    ///   - file: the capture, at its beginning.
    ///   - progress: is told the number of reports so far, now and then.
    /// - Throws: what is wrong with the file.
    mutating func play(
        _ file: inout CaptureFile, _ progress: (UInt64) -> Void
    ) throws(CaptureFileError) {
        let start = Self.now()
        var isAtEnd = false
        while !isAtEnd {
            // In pieces, for the progress and the transitions to be looked at in between.
            var left = 65_536
            isAtEnd = try Self.play(&file, &self, &left)
            drain()
            progress(scanner.reports)
        }
        result.seconds += Self.now() - start
        if let origin { shift = latest &+ 1_000 &- origin }
    }

    /// Reports heard so far.
    var reports: UInt64 { scanner.reports }
    /// What became of them.
    var counts: Scanner.Counts { scanner.counts }
    /// What was not used, by reason.
    var rejected: RejectCounts { scanner.rejected }

    /// Different beacons that were heard.
    var distinctBeacons: Int {
        let configured = scanner.presence.statuses().count { $0.state != .neverHeard }
        return configured + scanner.presence.unknownBeacons().count
            + Int(scanner.presence.strangerEvictions)
    }

    private static func play(
        _ file: inout CaptureFile, _ replay: inout Replay, _ left: inout Int
    ) throws(CaptureFileError) -> Bool {
        try file.play { record, chunk in
            guard left > 0 else { return false }
            left -= 1
            replay.hear(record, chunk)
            return true
        }
    }

    @inline(__always)
    private mutating func hear(_ record: CaptureRecord, _ chunk: Span<UInt8>) {
        latest = record.time &+ shift
        if latest >= nextDue { catchUp(record) }
        let time = BootTime(nanoseconds: latest &* 1_000)
        Self.hear(&scanner, record, chunk, time, index, &result.matched)
    }

    /// Does what is due at a record's time; at the first one, everything is.
    @inline(never)
    private mutating func catchUp(_ record: CaptureRecord) {
        if origin == nil { origin = record.time }
        let time = BootTime(nanoseconds: latest &* 1_000)
        if time >= nextTick { tick(time) }
        if latest >= nextRefresh { refresh(latest) }
        nextDue = min(nextRefresh, nextTick.nanoseconds / 1_000)
    }

    // By reference, one by one: the closure could not change one part of `self` while the scanner,
    // another, is being changed.
    @inline(__always)
    private static func hear(
        _ scanner: inout Scanner, _ record: CaptureRecord, _ chunk: Span<UInt8>, _ time: BootTime,
        _ index: borrowing CampaignIndex, _ matched: inout Int
    ) {
        scanner.hear(record, in: chunk, radio: 0, at: time) { beacon, proximity in
            if index.matches(beacon: beacon, proximity: proximity) > 0 { matched &+= 1 }
        }
    }

    private mutating func tick(_ time: BootTime) {
        scanner.tick(at: time)
        nextTick = scanner.nextDeadline
        drain()
    }

    private mutating func refresh(_ microseconds: Int64) {
        let seconds = microseconds / 1_000_000
        scanner.refresh(unixSeconds: seconds)
        index.refresh(
            at: LocalTime(unixSeconds: seconds, utcOffset: LocalZone.utcOffset(at: seconds)))
        let next = index.nextChange(after: seconds) { LocalZone.utcOffset(at: $0) }
        nextRefresh = next &* 1_000_000
    }

    private mutating func drain() {
        while let transition = scanner.nextTransition() {
            switch transition.change {
            case .entered: result.entered += 1
            case .left: result.left += 1
            default: break
            }
        }
    }

    private static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// The zone that a replay goes by.
enum LocalZone {
    /// Sets the zone of the process; nil keeps the system's.
    static func set(_ name: String?) {
        if let name { unsafe setenv("TZ", ":" + name, 1) }
        tzset()
    }

    /// Seconds east of Greenwich at an instant.
    static func utcOffset(at unixSeconds: Int64) -> Int32 {
        var instant = time_t(unixSeconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&instant, &parts) != nil else { return 0 }
        return unsafe Int32(truncatingIfNeeded: parts.tm_gmtoff)
    }
}
