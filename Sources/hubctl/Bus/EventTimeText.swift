import CLinux
import Glibc

/// A moment as people write it on a command line.
enum EventTimeText {
    /// Reads an age such as `15min`, or RFC 3339 such as `2026-11-22T14:00:00+08:00`; without an
    /// offset it is local time, without a time midnight.
    ///
    /// - Returns: nanoseconds since 1970.
    static func unixNanoseconds(_ text: String) throws(Failure) -> Int64 {
        if let seconds = age(text) {
            return Int64(time(nil)) &* 1_000_000_000 &- seconds &* 1_000_000_000
        }
        var parts = unsafe tm()
        for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"] {
            unsafe parts = tm()
            guard let rest = unsafe strptime(text, format, &parts) else { continue }
            let tail = unsafe String(cString: rest)
            if tail.isEmpty {
                unsafe parts.tm_isdst = -1
                let day = unsafe parts.tm_mday
                let seconds = unsafe Int64(mktime(&parts))
                if unsafe parts.tm_mday == day, let moment = nanoseconds(seconds) { return moment }
                break
            }
            if let offset = offset(tail) {
                let day = unsafe parts.tm_mday
                let seconds = unsafe Int64(timegm(&parts)) &- offset
                if unsafe parts.tm_mday == day, let moment = nanoseconds(seconds) { return moment }
                break
            }
        }
        throw Failure(
            .usage,
            "--since: \(quoted(text)), expected 2026-11-22T14:00:00+08:00 or an age such as 15min")
    }

    /// Nil beyond the year 2262, where 64 bits of nanoseconds end.
    private static func nanoseconds(_ seconds: Int64) -> Int64? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : product
    }

    private static func age(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        guard let number = Int64(digits), number < 1_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "s": return number
        case "m", "min": return number * 60
        case "h": return number * 3_600
        case "d": return number * 86_400
        default: return nil
        }
    }

    /// Seconds east of Greenwich: `Z`, `+08:00`; fractions of a second before it are passed over.
    private static func offset(_ tail: String) -> Int64? {
        var text = tail[...]
        if text.first == "." { text = text.dropFirst().drop { $0.isWholeNumber } }
        if text == "Z" || text == "z" { return 0 }
        let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-", parts.count == 2,
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), (0...23).contains(hours),
            (0...59).contains(minutes)
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}
