import BeaconScanner
import CaptureFile
import Configuration
import EventLoop

/// Plays a capture file as if it were a radio.
@Hub
final class CaptureRadio {
    /// How much is played in one turn of the loop at full speed, so that the bus and the timers
    /// get their turns too: about a millisecond of work.
    private static let recordsInTurn = 4_096

    /// Ten minutes in µs. No recording of a shop is silent for so long: a longer gap, or one that
    /// goes back, says that its recorder was stopped or its clock was set, and is played as none.
    private static let longestGap: Int64 = 600_000_000

    private var file: CaptureFile
    private let number: UInt8
    private let speed: Radio.Speed
    private let isRepeated: Bool
    private let air: Air
    private let shop: Shop
    private let onEnd: (RadioStatus.State) -> Void
    private var timer: EventLoop.Timer?

    /// The first record's time and what it corresponds to, on both clocks.
    private struct Beginning {
        let recordTime: Int64
        let air: BootTime
        let instant: EventLoop.Instant
    }
    private var beginning: Beginning?
    private var latest: BootTime?
    /// The time of the record played last, in µs.
    private var latestRecord: Int64?

    init(
        _ file: consuming CaptureFile, number: UInt8, speed: Radio.Speed, isRepeated: Bool,
        air: Air, shop: Shop, onEnd: @escaping (RadioStatus.State) -> Void
    ) {
        self.file = file
        self.number = number
        self.speed = speed
        self.isRepeated = isRepeated
        self.air = air
        self.shop = shop
        self.onEnd = onEnd
    }

    func start() { schedule(after: .zero) }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func schedule(after delay: Duration) {
        timer = Hub.loop.schedule(after: delay) { [weak self] in
            Hub.assumeIsolated { self?.turn() }
        }
    }

    /// Plays what is due, and says when to go on.
    private func turn() {
        var left = Self.recordsInTurn
        var wait = Duration.zero
        let campaigns = shop.index
        do throws(CaptureFileError) {
            let isAtEnd = try file.play { record, chunk in
                guard left > 0 else { return false }
                let time = timeInAir(of: record)
                wait = delay(until: record)
                guard wait <= .zero else { return false }
                left -= 1
                latestRecord = record.time
                air.setRecordedTime(record.time / 1_000_000)
                latest = time
                air.hear(record, in: chunk, radio: number, at: time, campaigns: campaigns)
                return true
            }
            settle()
            if isAtEnd { try end() } else { schedule(after: max(wait, .zero)) }
        } catch {
            settle()
            timer = nil
            air.setRecordedTime(nil)
            onEnd(.failed("\(error)"))
        }
    }

    private func settle() {
        if let latest { air.advance(to: latest) }
        air.drain()
    }

    private func end() throws(CaptureFileError) {
        guard isRepeated else {
            timer = nil
            air.setRecordedTime(nil)
            return onEnd(.ended)
        }
        try file.rewind()
        beginning = nil
        latestRecord = nil
        // Not at once: an empty capture that repeats would leave no turn for anything else.
        schedule(after: .milliseconds(10))
    }

    /// The record's time in the air: as far from the first one as it was when recorded.
    private func timeInAir(of record: CaptureRecord) -> BootTime {
        let beginning = begin(with: record)
        let microseconds = record.time &- beginning.recordTime
        return BootTime(nanoseconds: beginning.air.nanoseconds &+ microseconds &* 1_000)
    }

    /// How long to wait for the record's turn.
    private func delay(until record: CaptureRecord) -> Duration {
        guard case .times(let factor) = speed else { return .zero }
        let beginning = begin(with: record)
        let played = Double(record.time &- beginning.recordTime) / factor
        // A file may claim any number of gaps: 200 years are as long as anybody waits, and a day
        // is as long as anybody waits for one packet.
        let bounded = min(max(played, 0), 6_307_200_000_000_000)
        let due = beginning.instant.advanced(by: .microseconds(Int64(bounded)))
        return min(Hub.loop.now.duration(to: due), .seconds(86_400))
    }

    /// Where the times of a record are counted from: the first record, or the first one behind a
    /// gap that was none. So differences stay as small as the file is long.
    private func begin(with record: CaptureRecord) -> Beginning {
        let gap = latestRecord.map { record.time &- $0 } ?? 0
        let isGap = gap > Self.longestGap || gap < -Self.longestGap
        if let beginning, !isGap { return beginning }
        // The air's own time follows at the end of the turn only.
        let time = max(air.now, latest ?? air.now)
        let new = Beginning(recordTime: record.time, air: time, instant: Hub.loop.now)
        beginning = new
        return new
    }
}
