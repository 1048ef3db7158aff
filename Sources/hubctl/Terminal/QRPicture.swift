internal import CQRencode

/// A QR code for a terminal (ISO/IEC 18004), two modules to a character.
///
/// libqrencode makes the code; here it is drawn: dark on light whatever the terminal's colors are,
/// with the quiet zone of four modules that readers need (§5.3.8).
struct QRPicture {
    private static let quietZone = 4
    /// The rows from above, true for dark.
    private let rows: [[Bool]]

    /// Makes the code of a text.
    ///
    /// - Returns: nil for a text that no code can hold.
    init?(_ text: String) {
        // Level M keeps 15 % of a code readable behind scratches; 8-bit bytes, as links have.
        let code = unsafe text.withCString {
            unsafe QRcode_encodeString8bit($0, 0, QR_ECLEVEL_M)
        }
        guard let code = unsafe code else { return nil }
        defer { unsafe QRcode_free(code) }
        let width = unsafe Int(code.pointee.width)
        guard let data = unsafe code.pointee.data else { return nil }
        // Bit 0 of each module is its color (qrencode.h, QRcode).
        let modules = (0..<width * width).map { unsafe data[$0] & 1 == 1 }
        let side = width + 2 * Self.quietZone
        var rows = [[Bool]](repeating: [Bool](repeating: false, count: side), count: side)
        for row in 0..<width {
            for column in 0..<width where modules[row * width + column] {
                rows[row + Self.quietZone][column + Self.quietZone] = true
            }
        }
        self.rows = rows
    }

    /// The lines to print.
    ///
    /// - Parameter hasColor: whether colors may be set. Without, light modules are drawn as blocks,
    ///   which is right on dark terminals; readers take both.
    /// - Returns: lines of as many cells as the code has modules.
    func lines(hasColor: Bool) -> [String] {
        stride(from: 0, to: rows.count, by: 2).map { row in
            let upper = rows[row]
            let lower = row + 1 < rows.count ? rows[row + 1] : upper.map { _ in false }
            let cells = zip(upper, lower).map { Self.character($0 == false, $1 == false) }.joined()
            // White on black: blocks are the light modules.
            return hasColor ? "\u{1B}[97;40m\(cells)\u{1B}[0m" : cells
        }
    }

    private static func character(_ upperIsLight: Bool, _ lowerIsLight: Bool) -> String {
        switch (upperIsLight, lowerIsLight) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }
}
