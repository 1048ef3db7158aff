import Campaigns
import Outbox

extension WallClock.Reading {
    /// RFC 3339 with the hub's offset, to the second.
    var rfc3339: String {
        let time = localTime
        let date = time.date.components
        let clock = [time.minuteOfDay / 60, time.minuteOfHour, time.second].map(Self.two)
        let day = "\(Self.four(date.year))-\(Self.two(date.month))-\(Self.two(date.day))"
        let ahead = abs(Int(utcOffset)) / 60
        let sign = utcOffset < 0 ? "-" : "+"
        return day + "T" + clock.joined(separator: ":") + sign + Self.two(ahead / 60) + ":"
            + Self.two(ahead % 60)
    }

    /// This reading moved by nanoseconds; the offset is that of the moved instant.
    func moved(byNanoseconds nanoseconds: Int64) -> WallClock.Reading {
        let moved = unixNanoseconds &+ nanoseconds
        return WallClock.Reading(
            unixNanoseconds: moved, utcOffset: WallClock.utcOffset(at: moved / 1_000_000_000),
            isSynchronised: isSynchronised)
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func four(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
}

/// The clocks of the machine together, as an event carries them.
struct EventClock: Sendable {
    private let boot: UniqueID

    init() {
        boot = Self.bootID() ?? .zero
    }

    func now() -> EventTime {
        let wall = WallClock.now()
        return EventTime(
            unixNanoseconds: wall.unixNanoseconds, utcOffset: Int(wall.utcOffset),
            isSynchronized: wall.isSynchronised, boot: boot,
            bootNanoseconds: WallClock.bootNanoseconds())
    }

    private static func bootID() -> UniqueID? {
        guard let file = try? ProcFile.read("/proc/sys/kernel/random/boot_id") else { return nil }
        return UniqueID(file.prefix { $0 != "\n" })
    }
}
