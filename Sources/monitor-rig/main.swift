internal import BeaconScanner
internal import BlueZ
internal import EventLoop
internal import Glibc

// Works on monitor sockets:
//
//   monitor-rig flood REPORTS    10,000 reports a second of replayed time, 9,500 from random
//                                addresses; one JSON object; exit 1 when a configured beacon was
//                                missed or the memory grew by more than 1 MiB
//   monitor-rig listen SECONDS   tells what it hears on the real channel

/// What the owner of a monitor socket does with what it hears: hubd's `Air` in small.
final class Listener {
    var scanner = Scanner(
        presence: PresenceTable(
            beacons: Flood.known, seed: 1, at: BootTime(nanoseconds: 0)))
    private(set) var entered = 0
    private(set) var left = 0
    private var frames: Int64 = 0

    /// Takes an event; its time is the replayed one, a tenth of a millisecond behind the last.
    func hear(_ adapter: UInt16, _ event: Span<UInt8>) {
        let time = BootTime(nanoseconds: frames * Flood.interval)
        frames += 1
        if time >= scanner.nextDeadline {
            scanner.tick(at: time)
            drain()
        }
        scanner.hear(event: event, adapter: adapter, radio: 0, at: time)
    }

    func drain() {
        while let transition = scanner.nextTransition() {
            switch transition.change {
            case .entered: entered += 1
            case .left, .missing: left += 1
            default: break
            }
        }
    }
}

/// Resident memory of this process, in KiB.
func residentKiB() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard unsafe fgets(&line, 128, file) != nil else { return 0 }
    let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(getpagesize()) / 1_024
}

func monotonic() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Sends `count` frames and takes them, on one thread: the socket is full, a turn of the loop empties
/// it.
func flood(_ count: Int) throws -> Bool {
    let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
    var ends: [Int32] = [0, 0]
    guard
        unsafe socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
            == 0
    else { return false }
    let ours = Descriptor(owning: ends[0])
    try MonitorSocket.prepare(ours.number)
    let listener = Listener()
    let monitor = try MonitorSocket(
        adopting: ours, on: loop,
        owner: .init { adapter, event, _ in listener.hear(adapter, event) })

    var air = Flood()
    // Once around, so that every page that the start touches is there.
    let warmUp = min(count, 20_000)
    var before = 0
    let start = monotonic()
    for number in 0..<count {
        if number == warmUp { before = residentKiB() }
        air.next()
        while unsafe send(ends[1], air.frame, air.frame.count, 0) < 0 {
            guard errno == EAGAIN || errno == ENOBUFS else { return false }
            loop.turn()
        }
    }
    while monitor.counts.frames < count { loop.turn() }
    let seconds = monotonic() - start
    let growth = residentKiB() - before
    listener.drain()
    let heard = listener.scanner.counts.configured
    let missed = air.configuredReports - Int(clamping: heard)
    let present = listener.scanner.presence.presentCount
    print(
        """
        {"reports":\(listener.scanner.reports),"configured":\(heard),"missed":\(missed),\
        "entered":\(listener.entered),"left":\(listener.left),"present":\(present),\
        "strangers":\(listener.scanner.counts.beacons - heard),\
        "malformed":\(monitor.counts.malformed),"dropped":\(monitor.counts.dropped),\
        "replayed_s":\(Double(count) * Double(Flood.interval) / 1e9),"seconds":\(seconds),\
        "reports_per_s":\(Int(Double(count) / seconds)),"growth_kib":\(growth)}
        """)
    return listener.scanner.reports == count && missed == 0 && listener.left == 0
        && listener.entered == Flood.beacons && present == Flood.beacons && growth <= 1_024
}

/// One line on standard output, at once.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe Glibc.write(1, bytes, bytes.count)
}

let arguments = CommandLine.arguments.dropFirst()
let number = arguments.last.flatMap { Int($0) }
do {
    switch (arguments.first, number) {
    case ("flood", let count?): exit(try flood(count) ? 0 : 1)
    case ("listen", let seconds?):
        if let error = Hub.run({ await listen(seconds: seconds) }) { throw error }
    default:
        say("usage: monitor-rig flood REPORTS | listen SECONDS")
        exit(64)
    }
} catch {
    say("monitor-rig: \(error)")
    exit(1)
}
