import JSON

/// The live table as lines: a pure function of what the hub said last.
struct WatchView {
    /// What the hub said; the last one stays while the hub is away.
    struct Sample {
        var status: JSONValue
        var rows: [JSONValue]
        var devices: [JSONValue] = []
    }

    var sample: Sample?
    /// Why there is nothing newer, such as that hubd does not run.
    var notice: String?
    /// The first row that is shown.
    var offset = 0

    /// Lines that are not rows: heading, notice or empty, titles, foot.
    private static let frame = 4

    /// How many rows a screen has room for.
    private func room(_ size: Screen.Size) -> Int {
        max(1, size.rows - Self.frame - deviceRoom(size))
    }

    /// How many lines devices take: a third of the screen at most, and none without devices. Before
    /// them stand an empty line and the titles.
    private func deviceRoom(_ size: Screen.Size) -> Int {
        guard let count = sample?.devices.count, count > 0, size.rows >= 12 else { return 0 }
        return min(count, size.rows / 3 - 2) + 2
    }

    /// Moves the table; it stays where there is something to be seen.
    mutating func move(_ key: Key, _ size: Screen.Size) {
        let room = room(size)
        switch key {
        case .move(let lines): offset += lines
        case .page(let pages): offset += pages * room
        case .top: offset = 0
        case .quit, .redraw: break
        }
        offset = max(0, min(offset, (sample?.rows.count ?? 0) - room))
    }

    /// The whole screen.
    func lines(_ size: Screen.Size, hasColor: Bool) -> [String] {
        let terminal = Terminal(width: size.columns, hasColor: hasColor)
        guard let sample else { return [notice ?? "asking hubd"] }
        let room = room(size)
        let rows = Self.sorted(sample.rows)
        let start = max(0, min(offset, rows.count - room))
        let visible = Array(rows[start..<min(rows.count, start + room)])
        var lines = [Self.heading(sample, terminal)]
        lines.append(notice.map { terminal.paint($0, .bad) } ?? "")
        lines += BeaconsVerb.table(visible, heard: Self.heard).lines(on: terminal)
        let devices = deviceLines(size, terminal)
        while lines.count < size.rows - 1 - devices.count { lines.append("") }
        lines += devices
        let range =
            rows.isEmpty ? "no beacons" : "\(start + 1)–\(start + visible.count) of \(rows.count)"
        lines = Array(lines.prefix(max(0, size.rows - 1)))
        lines.append(terminal.paint("\(range)   q quits, ↑ ↓ and space move", .faint))
        return lines
    }

    /// Devices, those that are connected or heard first.
    private func deviceLines(_ size: Screen.Size, _ terminal: Terminal) -> [String] {
        let room = deviceRoom(size)
        guard room > 0, let devices = sample?.devices else { return [] }
        let rows = Array(Self.sortedDevices(devices).prefix(room - 2))
        return [""] + DevicesVerb.table(rows, heard: Self.heard).lines(on: terminal)
    }

    private static func sortedDevices(_ rows: [JSONValue]) -> [JSONValue] {
        let ranks = ["connected": 0, "connecting": 0, "resting": 1]
        func key(_ row: JSONValue) -> (Int, Int, String) {
            let rank = ranks[row["link"]?.string ?? ""] ?? 2
            return (
                row["problem"] == nil ? rank : -1, row["state"]?.string == "present" ? 0 : 1,
                Show.text(row["id"])
            )
        }
        return rows.map { (key($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Those that need somebody first; then by place. A row keeps its place as long as its state
    /// lasts: a table that is sorted by signal would never stand still.
    static func sorted(_ rows: [JSONValue]) -> [JSONValue] {
        let ranks = ["missing": 0, "present": 1, "absent": 2, "never-heard": 3]
        func key(_ row: JSONValue) -> (Int, String, String) {
            (
                ranks[row["state"]?.string ?? ""] ?? 4, Show.text(row["zone"] ?? row["holder"]),
                Show.text(row["id"])
            )
        }
        return rows.map { (key($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func heading(_ sample: Sample, _ terminal: Terminal) -> String {
        let state = Show.text(sample.status["state"])
        let ink: Terminal.Ink = state == "well" ? .good : state == "degraded" ? .warning : .bad
        let present = sample.rows.count { $0["state"]?.string == "present" }
        let time = Show.text(sample.status["clock"]?["time"]).split(separator: "T").last
        return "\(terminal.paint("●", ink)) \(Show.text(sample.status["hub"])): "
            + terminal.paint(state, ink) + "   \(time.map { $0.prefix(8) } ?? "")   "
            + "\(present) of \(sample.rows.count) present, "
            + Show.number(sample.status["reportsPerSecond"], " reports/s", digits: 0)
    }

    /// Coarse, so that a row does not change with every second that passes.
    static func heard(_ seconds: JSONValue?) -> String {
        guard let seconds = seconds?.number?.double else { return "never" }
        switch seconds {
        case ..<10: return "now"
        case ..<60: return "\(Int(seconds / 10) * 10) s ago"
        default: return Show.duration(seconds) + " ago"
        }
    }
}
