import JSON

/// Reading sizes, durations and paths.
extension Decoding {
    /// A size in bytes: a number, or a number and `KiB`, `MiB`, `GiB` or `TiB`.
    mutating func size(_ node: JSONNode, _ range: ClosedRange<Int64>) -> Int64? {
        let expected =
            "a size from \(Decoding.sizeText(range.lowerBound)) to "
            + "\(Decoding.sizeText(range.upperBound)), such as \"128MiB\""
        let units: KeyValuePairs<String, Int64> = [
            "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
        ]
        return quantity(node, units, range, expected)
    }

    /// A length of time: a number and `s`, `min`, `h` or `d`.
    mutating func duration(_ node: JSONNode, _ range: ClosedRange<Int64>) -> Duration? {
        let expected =
            "a time from \(range.lowerBound)s to \(range.upperBound)s, such as \"30s\", \"5min\","
            + " \"12h\" or \"2d\""
        let units: KeyValuePairs<String, Int64> = ["s": 1, "min": 60, "h": 3_600, "d": 86_400]
        return quantity(node, units, range, expected).map { Duration.seconds($0) }
    }

    private mutating func quantity(
        _ node: JSONNode, _ units: KeyValuePairs<String, Int64>, _ range: ClosedRange<Int64>,
        _ expected: String
    ) -> Int64? {
        let value: Int64?
        switch node.content {
        case .number(let number):
            value = number.integer(as: Int64.self)
        case .string(let text):
            let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
            let unit = text.dropFirst(digits.count)
            let factor = units.first { $0.key == unit }?.value
            value = Int64(digits).flatMap { count in
                factor.map { count.multipliedReportingOverflow(by: $0) }
            }.flatMap { $0.overflow ? nil : $0.partialValue }
        default:
            value = nil
        }
        guard let value, range.contains(value) else {
            reject(node, expected)
            return nil
        }
        return value
    }

    private static func sizeText(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = bytes
        var unit = 0
        while value >= 1_024, value % 1_024 == 0, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        return "\(value)\(units[unit])"
    }

    /// A path; a relative one starts at the directory of the main file.
    mutating func path(_ node: JSONNode) -> String? {
        guard let text = path(node, "a path") else { return nil }
        return text.hasPrefix("/") ? text : directory + text
    }

    /// A secret's file: a path, or the bare name of a systemd credential, which has no slash.
    mutating func secretFile(_ node: JSONNode) -> String? {
        guard let text = path(node, "a path, or the name of a systemd credential") else {
            return nil
        }
        return text.hasPrefix("/") || !text.contains("/") ? text : directory + text
    }

    private mutating func path(_ node: JSONNode, _ expected: String) -> String? {
        text(node, expected) { text in
            // 4,096 is PATH_MAX of Linux, with the NUL at the end.
            !text.isEmpty && text.utf8.count < 4_096
                && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
        }
    }

    /// The directory of the first file, with the slash at the end; empty for the working directory.
    private var directory: String {
        guard let main = files.first, let slash = main.lastIndex(of: "/") else { return "" }
        return String(main[...slash])
    }
}
