import JSON
import Testing

@testable import hubctl

@Suite("What is watched stands still, and only what has changed is sent")
struct WatchTests {
    private let size = Screen.Size(columns: 20, rows: 5)

    // MARK: Screen

    @Test func firstDrawing() {
        var screen = Screen()
        #expect(
            screen.draw(["a", "奶茶"], size)
                == "\u{1B}[2J\u{1B}[1;1Ha\u{1B}[K\u{1B}[2;1H奶茶\u{1B}[K")
    }

    @Test func onlyChangedLinesAreSent() {
        var screen = Screen()
        _ = screen.draw(["a", "b", "c"], size)
        #expect(screen.draw(["a", "b", "c"], size) == "")
        #expect(screen.draw(["a", "x", "c"], size) == "\u{1B}[2;1Hx\u{1B}[K")
        #expect(screen.draw(["a"], size) == "\u{1B}[2;1H\u{1B}[J")
        #expect(screen.draw(["a", "b"], size) == "\u{1B}[2;1Hb\u{1B}[K")
    }

    @Test func aFullLineKeepsItsLastCell() {
        var screen = Screen()
        let full = "\u{1B}[31m" + String(repeating: "茶", count: 10) + "\u{1B}[0m"
        #expect(Screen.cells(of: full) == 20)
        #expect(!screen.draw([full], size).contains("\u{1B}[K"))
        #expect(screen.draw([full + "x"], size).contains("[K") == false)
    }

    @Test func neverMoreLinesThanThereAre() {
        var screen = Screen()
        let many = (0..<100).map { "\($0)" }
        #expect(!screen.draw(many, size).contains("[6;1H"))
        #expect(screen.draw(many, Screen.Size(columns: 1, rows: 0)) == "\u{1B}[2J")
    }

    @Test func anotherSizeDrawsAllAgain() {
        var screen = Screen()
        _ = screen.draw(["a"], size)
        let other = Screen.Size(columns: 21, rows: 5)
        #expect(screen.draw(["a"], other) == "\u{1B}[2J\u{1B}[1;1Ha\u{1B}[K")
        screen.forget()
        #expect(screen.draw(["a"], other).hasPrefix("\u{1B}[2J"))
    }

    // MARK: Keys

    @Test(arguments: [
        ("q", [Key.quit]), ("\u{03}", [.quit]), ("\u{04}", [.quit]), ("\u{0c}", [.redraw]),
        ("jk", [.move(1), .move(-1)]), ("\u{1B}[A\u{1B}OB", [.move(-1), .move(1)]),
        ("\u{1B}[5~\u{1B}[6~", [.page(-1), .page(1)]), (" b", [.page(1), .page(-1)]),
        ("g\u{1B}[H", [.top, .top]), ("\u{1B}", []), ("\u{1B}[", []), ("\u{1B}[1;5Aq", [.quit]),
        ("\u{1B}[200~x", []), ("奶茶", []), ("", []),
    ])
    func keys(text: String, keys: [Key]) {
        #expect(Key.read(Array(text.utf8)) == keys)
    }

    @Test("any bytes are read to their end") func anyBytes() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                _ = Key.read([0x1b, first, second, first])
            }
        }
    }

    // MARK: View

    private func row(_ id: String, _ state: String, _ zone: String = "f1") -> JSONValue {
        [
            "id": .string(id), "state": .string(state), "zone": .string(zone), "label": "奶茶店",
            "proximity": "near", "lastHeardSeconds": 3,
        ]
    }

    private func view(_ rows: [JSONValue]) -> WatchView {
        WatchView(
            sample: .init(
                status: [
                    "hub": "store-1", "state": "well", "reportsPerSecond": 35,
                    "clock": ["time": "2026-11-24T10:11:12+08:00"],
                ], rows: rows))
    }

    @Test func wholeScreen() {
        let view = view([row("b", "present"), row("a", "missing")])
        let lines = view.lines(Screen.Size(columns: 100, rows: 7), hasColor: false)
        #expect(lines.count == 7)
        #expect(lines[0] == "● store-1: well   10:11:12   1 of 2 present, 35 reports/s")
        #expect(lines[1] == "")
        #expect(lines[2].hasPrefix("ID  LABEL   ZONE  RSSI"))
        #expect(lines[3].hasPrefix("a   奶茶店  f1") && lines[3].hasSuffix("missing"))
        #expect(lines[4].hasPrefix("b   奶茶店  f1") && lines[4].hasSuffix("present"))
        #expect(lines[6] == "1–2 of 2   q quits, ↑ ↓ and space move")
    }

    @Test func sorting() {
        let rows = [
            row("a", "never-heard"), row("b", "absent"), row("c", "present", "z"),
            row("d", "present", "a"), row("e", "missing"), row("f", "of a later version"),
        ]
        let order = WatchView.sorted(rows).compactMap { $0["id"]?.string }
        #expect(order == ["e", "d", "c", "b", "a", "f"])
        #expect(WatchView.sorted(rows.reversed()).compactMap { $0["id"]?.string } == order)
    }

    @Test func moving() {
        var view = view((0..<30).map { row("b\($0 + 10)", "present") })
        let size = Screen.Size(columns: 80, rows: 14)
        func first() -> String { String(view.lines(size, hasColor: false)[3].prefix(3)) }
        #expect(first() == "b10")
        view.move(.move(-1), size)
        #expect(first() == "b10")
        view.move(.page(1), size)
        #expect(first() == "b20")
        view.move(.page(5), size)
        #expect(first() == "b30")
        view.move(.move(1), size)
        #expect(first() == "b30")
        view.sample?.rows.removeLast(15)
        #expect(view.lines(size, hasColor: false).last?.hasPrefix("6–15 of 15") == true)
        view.move(.top, size)
        #expect(first() == "b10")
    }

    @Test("every size of a terminal, down to none", arguments: 0..<12)
    func sizes(number: Int) {
        let view = view([row("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/1", "present")])
        for columns in 0..<60 {
            let size = Screen.Size(columns: columns, rows: number)
            #expect(view.lines(size, hasColor: true).count <= max(number, 1))
            var screen = Screen()
            _ = screen.draw(view.lines(size, hasColor: true), size)
        }
    }

    @Test func notices() {
        var view = view([row("a", "present")])
        view.notice = "hubd does not run; waiting for it"
        let lines = view.lines(Screen.Size(columns: 80, rows: 8), hasColor: false)
        #expect(lines[1] == "hubd does not run; waiting for it")
        #expect(lines[3].hasPrefix("a "))
        #expect(WatchView().lines(size, hasColor: false) == ["asking hubd"])
    }

    @Test func coarseTimes() {
        #expect(WatchView.heard(nil) == "never")
        #expect(WatchView.heard(.double(9.9)) == "now")
        #expect(WatchView.heard(10) == "10 s ago")
        #expect(WatchView.heard(.double(59.9)) == "50 s ago")
        #expect(WatchView.heard(300) == "5 min ago")
    }

    // MARK: In a pipe

    @Test func changes() {
        var changes = WatchChanges()
        func lines(_ rows: [JSONValue]) -> [String] {
            guard let sample = view(rows).sample else { return [] }
            return changes.lines(sample).map { String($0.dropFirst(27)) }
        }
        #expect(
            lines([row("a", "present"), row("b", "absent")]) == [
                "a  present  near  f1  奶茶店", "b  absent  near  f1  奶茶店",
            ])
        #expect(lines([row("a", "present"), row("b", "absent")]) == [])
        #expect(
            lines([row("a", "present", "f2"), row("b", "present")]) == [
                "a  present  near  f2  奶茶店", "b  present  near  f1  奶茶店",
            ])
    }
}
