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
    private let hasCampaigns: Bool
    /// The next time the set of running campaigns can change, in the capture's µs since 1970.
    private var nextRefresh = Int64.min
    private var nextTick = BootTime(nanoseconds: .min)
    /// What each round is moved by, so that time goes on from one to the next, in µs.
    private var shift: Int64 = 0
    private var latest: Int64?

    init(_ catalog: Catalog) {
        index = CampaignIndex(catalog)
        hasCampaigns = !catalog.campaigns.isEmpty
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
        shift = latest.map { $0 &+ 1_000 } ?? 0
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
        let microseconds = record.time &+ firstShift(record.time)
        let time = BootTime(nanoseconds: microseconds &* 1_000)
        latest = microseconds
        if time >= nextTick { tick(time) }
        if hasCampaigns, microseconds >= nextRefresh { refresh(microseconds) }
        Self.hear(&scanner, record, chunk, time, index, &result.matched)
    }

    private var origin: Int64?

    /// Moves a round behind the one before; the first one stays where it is.
    private mutating func firstShift(_ time: Int64) -> Int64 {
        if let origin { return shift == 0 ? 0 : shift &- origin }
        origin = time
        return 0
    }

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
