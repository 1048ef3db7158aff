import CLinux
import Glibc

/// How many terminal cells a text takes: Chinese characters take two, combining marks none.
///
/// The widths are glibc's `wcwidth`, which follows Unicode's East Asian Width; it needs a UTF-8
/// character type, which Debian's C library always has as `C.UTF-8`.
enum DisplayWidth {
    private static let isReady: Bool = unsafe setlocale(LC_CTYPE, "C.UTF-8") != nil

    static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    static func of(_ character: Character) -> Int {
        guard isReady else { return 1 }
        let scalars = character.unicodeScalars
        // VARIATION SELECTOR-16 asks for the emoji form, which is two cells wide.
        if scalars.contains("\u{FE0F}") { return 2 }
        // The first scalar decides; what joins it (accents, ZWJ sequences) takes no cell.
        return max(0, Int(wcwidth(wchar_t(bitPattern: scalars.first?.value ?? 0))))
    }

    /// The text cut to `cells` cells, with `…` in the last one when something was cut.
    static func cut(_ text: String, to cells: Int) -> String {
        guard of(text) > cells else { return text }
        guard cells > 0 else { return "" }
        var kept = ""
        var used = 0
        for character in text {
            let width = of(character)
            if used + width > cells - 1 { break }
            kept.append(character)
            used += width
        }
        return kept + "…"
    }

    /// The text cut to `cells` cells, with `…` for what is missing before its second half.
    static func cutInside(_ text: String, to cells: Int) -> String {
        guard of(text) > cells, cells > 2 else { return cut(text, to: cells) }
        var end = ""
        var used = 0
        for character in text.reversed() {
            let width = of(character)
            // The end may have more than its half: in an id it is the end that differs.
            if used + width > cells * 2 / 3 { break }
            end = String(character) + end
            used += width
        }
        return cut(text, to: cells - used) + end
    }

    /// The text with spaces behind it (or before it) up to `cells` cells.
    static func pad(_ text: String, to cells: Int, rightAligned: Bool) -> String {
        let space = String(repeating: " ", count: max(0, cells - of(text)))
        return rightAligned ? space + text : text + space
    }
}
