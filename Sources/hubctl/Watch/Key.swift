/// What a person presses while watching.
enum Key: Hashable {
    case quit
    case redraw
    /// Lines down, or up when negative.
    case move(Int)
    /// Screens down, or up when negative.
    case page(Int)
    case top

    /// The keys in what a terminal sent; what means nothing is left out (ECMA-48, xterm's
    /// "Control Sequences": cursor keys are CSI A/B or SS3 A/B, page keys CSI 5 ~ and CSI 6 ~).
    static func read(_ bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            // Ctrl-C and Ctrl-D come as bytes: the terminal sends no signals in this mode.
            case UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x03, 0x04: keys.append(.quit)
            case 0x0c: keys.append(.redraw)
            case UInt8(ascii: "j"): keys.append(.move(1))
            case UInt8(ascii: "k"): keys.append(.move(-1))
            case UInt8(ascii: " "): keys.append(.page(1))
            case UInt8(ascii: "b"): keys.append(.page(-1))
            case UInt8(ascii: "g"): keys.append(.top)
            case 0x1b: if let key = sequence(&rest) { keys.append(key) }
            default: break
            }
        }
        return keys
    }

    private static func sequence(_ rest: inout ArraySlice<UInt8>) -> Key? {
        guard let first = rest.first, first == UInt8(ascii: "[") || first == UInt8(ascii: "O")
        else { return nil }
        rest.removeFirst()
        var parameters: [UInt8] = []
        while let byte = rest.popFirst() {
            // A sequence ends with its first byte of 0x40 to 0x7e (ECMA-48, 5.4).
            guard (0x40...0x7e).contains(byte) else {
                parameters.append(byte)
                continue
            }
            switch (byte, parameters) {
            case (UInt8(ascii: "A"), []): return .move(-1)
            case (UInt8(ascii: "B"), []): return .move(1)
            case (UInt8(ascii: "H"), []): return .top
            case (UInt8(ascii: "~"), [UInt8(ascii: "5")]): return .page(-1)
            case (UInt8(ascii: "~"), [UInt8(ascii: "6")]): return .page(1)
            default: return nil
            }
        }
        return nil
    }
}
