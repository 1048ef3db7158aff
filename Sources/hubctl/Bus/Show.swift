import JSON

/// How values of the daemon's documents look to people.
enum Show {
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): Table.Cell(text).text
        case .number(let number): number.text
        case .bool(let flag): flag ? "yes" : "no"
        default: ""
        }
    }

    /// A number with its unit; nothing when there is none.
    static func number(_ value: JSONValue?, _ unit: String, digits: Int? = nil) -> String {
        guard let number = value?.number?.double else { return "" }
        guard let digits else { return text(value) + unit }
        return decimal(number, digits) + unit
    }

    static func decimal(_ value: Double, _ digits: Int) -> String {
        let factor = [1.0, 10, 100, 1_000][min(max(digits, 0), 3)]
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        let whole = Int(scaled) / Int(factor)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let rest = String(Int(scaled) % Int(factor))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
    }

    /// `3 s`, `4 min`, `2 h`, `5 d`.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds)) s"
        case ..<7_200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(min(seconds / 86_400, 1e9))) d"
        }
    }

    static func ago(_ value: JSONValue?) -> String {
        guard let seconds = value?.number?.double else { return "never" }
        return duration(seconds) + " ago"
    }

    /// A count in groups of three, as `6,470`.
    static func count(_ value: JSONValue?) -> String {
        guard let number = value?.number?.integer(as: Int64.self) else { return text(value) }
        let digits = Array(String(number.magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3)
            .map { String(digits[max(0, $0 - 3)..<$0]) }
        return (number < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// What a service says it has: `1–4,812`, or `1–480 and up to 500 without 12`.
    static func place(_ service: JSONValue?) -> String {
        guard let service else { return "" }
        let contiguous = service["contiguous"]?.number?.integer(as: Int64.self) ?? 0
        let all = contiguous > 0 ? "1–\(count(service["contiguous"]))" : "none"
        guard service["contiguous"] != service["highest"] else { return all }
        return "\(all) and up to \(count(service["highest"])) without "
            + count(service["missing"])
    }

    static func bytes(_ value: JSONValue?) -> String {
        guard let bytes = value?.number?.double else { return "" }
        switch bytes {
        case ..<1_024: return "\(Int(bytes)) B"
        case ..<1_048_576: return decimal(bytes / 1_024, 0) + " KiB"
        default: return decimal(bytes / 1_048_576, 1) + " MiB"
        }
    }
}
