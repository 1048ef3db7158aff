import Campaigns
import Glibc
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

    /// The kernel's id of this boot. ProcSubset=pid hides it; there the unit passes it on.
    ///
    /// - Parameters:
    ///   - file: where the kernel tells it.
    ///   - passed: what the unit's %b made of it: 32 digits without dashes (systemd.unit(5)).
    /// - Returns: nil when neither tells it.
    static func bootID(
        file: String = "/proc/sys/kernel/random/boot_id",
        passed: String? = unsafe getenv("BOOT_ID").map { unsafe String(cString: $0) }
    ) -> UniqueID? {
        if let text = try? ProcFile.read(file) { return UniqueID(text.prefix { $0 != "\n" }) }
        return passed.flatMap { UniqueID(hyphenated($0)) }
    }

    private static func hyphenated(_ digits: String) -> String {
        var rest = digits[...]
        let groups = [8, 4, 4, 4].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }
        return (groups + [String(rest)]).joined(separator: "-")
    }
}
