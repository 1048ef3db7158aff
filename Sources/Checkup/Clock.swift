internal import CLinux
internal import Glibc

/// The machine's clock and time zone.
public struct Clock: Hashable, Sendable {
    /// Whether the kernel says that a time service keeps it; nil when it does not say.
    public var isSynchronised: Bool?
    /// Seconds since 1970.
    public var unixSeconds: Int64
    /// The system's time zone, such as `Asia/Shanghai`; nil when /etc/localtime is missing.
    public var systemZone: String?

    /// Makes a clock.
    public init(isSynchronised: Bool?, unixSeconds: Int64, systemZone: String?) {
        self.isSynchronised = isSynchronised
        self.unixSeconds = unixSeconds
        self.systemZone = systemZone
    }

    /// The clock of this machine.
    ///
    /// adjtimex(2) without changes: TIME_ERROR means that nothing keeps the clock.
    public static var present: Clock {
        var state = timex()
        let result = unsafe adjtimex(&state)
        let kept = result != TIME_ERROR && state.status & STA_UNSYNC == 0
        return Clock(
            isSynchronised: result < 0 ? nil : kept, unixSeconds: Int64(Glibc.time(nil)),
            systemZone: zone(link: "/etc/localtime"))
    }

    /// 2025-01-01: no hub is older, so an earlier clock has lost its battery.
    static let earliest: Int64 = 1_735_689_600

    /// How the clock stands.
    ///
    /// - Parameter zone: the hub's zone from its configuration; nil for the system's.
    /// - Returns: a check of the time and one of the zone.
    public func checks(zone: String?) -> [Check] {
        [time, self.zone(zone)]
    }

    private var time: Check {
        if unixSeconds < Self.earliest {
            return .failed(
                "clock", "", "the clock shows a time before 2025",
                mend: "timedatectl set-ntp true, or set it with date(1) and hwclock --systohc")
        }
        switch isSynchronised {
        case true?: return .well("clock", "", "synchronized")
        case false?:
            return .warning(
                "clock", "", "not synchronized: campaigns and events may be at wrong times",
                mend: "timedatectl set-ntp true; is the time server reachable?")
        case nil: return .unknown("clock", "", "the kernel does not tell whether it is kept")
        }
    }

    private func zone(_ hub: String?) -> Check {
        if let hub { return .well("clock", "zone", "\(hub), by hub.timezone") }
        guard let systemZone else {
            return .warning(
                "clock", "zone", "neither the hub nor the system has a time zone: it is UTC",
                mend: "hub: { timezone: \"Asia/Shanghai\" } in the configuration")
        }
        return .well("clock", "zone", "\(systemZone), the system's")
    }

    /// The name of a zone by the link to its file.
    static func zone(link path: String) -> String? {
        var target = [CChar](repeating: 0, count: 4_096)
        let length = unsafe readlink(path, &target, target.count)
        guard length > 0 else { return nil }
        let text = String(
            decoding: target.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = "/zoneinfo/"
        var rest = text[...]
        while !rest.isEmpty, !rest.hasPrefix(folder) { rest = rest.dropFirst() }
        return rest.isEmpty ? nil : String(rest.dropFirst(folder.count))
    }
}
