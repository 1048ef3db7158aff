import Checkup
import JSON

/// The checks on paper.
struct DoctorReport {
    let checks: [Check]

    /// How many checks ask for something to be done.
    var found: Int { checks.count { $0.state == .failed || $0.state == .warning } }

    /// One line a check and one a mend: with signs on a terminal, with words in a pipe.
    func lines(on terminal: Terminal) -> [String] {
        let isTerminal = terminal.width != nil
        let signs = checks.map { isTerminal ? Self.sign($0.state) : $0.state.rawValue }
        let names = checks.map {
            [$0.area, $0.thing].filter { !$0.isEmpty }.joined(separator: " ")
        }
        .map { Table.Cell($0).text }
        let signWidth = signs.map(DisplayWidth.of).max() ?? 0
        let nameWidth = min(24, names.map(DisplayWidth.of).max() ?? 0)
        let indent = String(repeating: " ", count: signWidth + nameWidth + 4)
        var lines: [String] = []
        for (index, check) in checks.enumerated() {
            let sign = DisplayWidth.pad(signs[index], to: signWidth, rightAligned: false)
            let name = DisplayWidth.pad(names[index], to: nameWidth, rightAligned: false)
            lines.append(
                "\(terminal.paint(sign, Self.ink(check.state)))  \(name)  "
                    + Table.Cell(check.text).text)
            if !check.mend.isEmpty {
                lines.append(indent + (isTerminal ? "→ " : "mend: ") + Table.Cell(check.mend).text)
            }
        }
        let verdict =
            found == 0 ? "nothing found" : "\(found) of \(checks.count) checks found something"
        return lines + ["", terminal.paint(verdict, found == 0 ? .good : .warning)]
    }

    var document: JSONValue {
        let rows = checks.map { check -> JSONValue in
            var members: [JSONValue.Member] = [.init("area", .string(check.area))]
            if !check.thing.isEmpty { members.append(.init("thing", .string(check.thing))) }
            members.append(.init("state", .string(check.state.rawValue)))
            members.append(.init("text", .string(check.text)))
            if !check.mend.isEmpty { members.append(.init("mend", .string(check.mend))) }
            return .object(members)
        }
        return ["found": .integer(found), "checks": .array(rows)]
    }

    private static func sign(_ state: Check.State) -> String {
        switch state {
        case .well: "✓"
        case .warning: "!"
        case .failed: "✗"
        case .unknown: "?"
        }
    }

    private static func ink(_ state: Check.State) -> Terminal.Ink {
        switch state {
        case .well: .good
        case .warning: .warning
        case .failed: .bad
        case .unknown: .faint
        }
    }
}
