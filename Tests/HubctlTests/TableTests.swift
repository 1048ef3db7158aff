import Testing

@testable import hubctl

@Suite("Columns line up, whatever the language")
struct TableTests {
    private let wide = Terminal(width: nil, hasColor: false)

    @Test(arguments: [
        ("", 0), ("abc", 3), ("茶", 2), ("奶茶 tea", 8), ("é", 1), ("e\u{301}", 1), ("👍", 2),
        ("１２", 4), ("ﾊﾝ", 2), ("한국", 4), ("❤\u{FE0F}", 2),
    ])
    func widths(text: String, cells: Int) {
        #expect(DisplayWidth.of(text) == cells)
    }

    @Test func chineseAligns() {
        var table = Table([.init(title: "id"), .init(title: "label"), .init(title: "zone")])
        table.add([.init("a"), .init("奶茶店"), .init("f1")])
        table.add([.init("bbb"), .init("Tea"), .init("f2")])
        #expect(
            table.lines(on: wide) == [
                "ID   LABEL   ZONE",
                "a    奶茶店  f1",
                "bbb  Tea     f2",
            ])
    }

    @Test func numbersStandRight() {
        var table = Table([.init(title: "n", rightAligned: true), .init(title: "x")])
        table.add([.init("5"), .init("a")])
        table.add([.init("10"), .init("b")])
        #expect(table.lines(on: wide) == [" N  X", " 5  a", "10  b"])
    }

    @Test func narrowTerminalCutsWhatMayShrink() {
        var table = Table([.init(title: "id"), .init(title: "label", shrinksTo: 5)])
        table.add([.init("identifier"), .init("牛肉面和奶茶两件套")])
        let lines = table.lines(on: Terminal(width: 20, hasColor: false))
        #expect(lines == ["ID          LABEL", "identifier  牛肉面…"])
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 20 })
    }

    @Test(arguments: [
        ("FDA50693-A4E2/10011/6", 12, "FDA…/10011/6"), ("short", 12, "short"),
        ("abcdef", 3, "…ef"), ("abcdef", 2, "a…"), ("abcdef", 0, ""), ("奶茶奶茶奶茶", 7, "奶…奶茶"),
    ])
    func cutInside(text: String, cells: Int, shown: String) {
        let cut = DisplayWidth.cutInside(text, to: cells)
        #expect(cut == shown)
        #expect(DisplayWidth.of(cut) <= cells)
    }

    @Test func pipeCutsNothing() {
        var table = Table([.init(title: "label", shrinksTo: 3)])
        let long = String(repeating: "x", count: 500)
        table.add([.init(long)])
        #expect(table.lines(on: wide).last == long)
    }

    @Test func noTrailingSpaces() {
        var table = Table([.init(title: "a"), .init(title: "b")])
        table.add([.init("x"), .init("")])
        #expect(table.lines(on: wide) == ["A  B", "x"])
    }

    /// A label is text from a file; it must not steer the terminal.
    @Test(arguments: ["\u{1B}[31mred", "a\u{202E}b", "line\nbreak", "tab\tbed"])
    func controlCharactersAreReplaced(text: String) {
        let shown = Table.Cell(text).text
        #expect(shown.contains("\u{FFFD}"))
        #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
    }

    @Test func colorsOnlyWhereTheyHelp() {
        #expect(Terminal(width: 80, hasColor: true).paint("x", .bad) == "\u{1B}[31mx\u{1B}[0m")
        #expect(Terminal(width: 80, hasColor: false).paint("x", .bad) == "x")
        #expect(Terminal(width: 80, hasColor: true).paint("", .bad) == "")
    }
}
