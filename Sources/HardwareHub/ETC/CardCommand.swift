import BeaconScanner

/// A command for an ETC card (ISO/IEC 7816-4 and the card's own class 80). All of these only read,
/// and none needs a key or a PIN.
///
/// Verifying a PIN, loading money and reading the holder's file are left out on purpose: wrong PINs
/// and codes lock cards, and the holder's name and number are nobody's business here.
public struct CardCommand: Hashable, Sendable {
    /// The command's bytes.
    public let bytes: [UInt8]

    /// Makes a command from its bytes. Nobody else can: what is listed below is all that ever
    /// reaches a card.
    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Selects the master file (3F00).
    public static let selectMasterFile = CardCommand([0, 0xa4, 0, 0, 2, 0x3f, 0])
    /// Selects the toll application (DF01).
    public static let selectApplication = CardCommand([0, 0xa4, 0, 0, 2, 0x10, 1])
    /// Reads the issue data (file 0015), 43 bytes; see `CardIssue`.
    public static let readIssue = CardCommand([0, 0xb0, 0x95, 0, 0x2b])
    /// Reads the balance, 4 bytes; see `CardBalance`.
    public static let readBalance = CardCommand([0x80, 0x5c, 0, 2, 4])

    /// Reads a transaction record (file 0018), 23 bytes, 1 being the newest; see `CardRecord`.
    public static func readRecord(_ number: UInt8) -> CardCommand {
        CardCommand([0, 0xb2, number, 0xc4, 0x17])
    }

    /// Reads a toll passage (file 0019), 43 bytes; see `TollPassage`.
    public static func readPassage(_ number: UInt8) -> CardCommand {
        CardCommand([0, 0xb2, number, 0xcc, 0x2b])
    }

    /// The same command of those that read, for another count of bytes (Le).
    func expecting(_ count: UInt8) -> CardCommand { CardCommand(bytes.dropLast() + [count]) }
}

extension CardCommand: CustomStringConvertible {
    /// The bytes in hexadecimal.
    public var description: String { Hex.lower(bytes) }
}

/// How a card ended a command: the two bytes behind every reply (ISO/IEC 7816-4, 5.6).
public struct StatusWord: RawRepresentable, Hashable, Sendable {
    /// Both bytes, first one highest.
    public let rawValue: UInt16

    /// Makes a status word from its number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Done.
    public static let success = StatusWord(rawValue: 0x9000)

    /// Whether the command was done.
    public var isSuccess: Bool { self == .success }

    /// The count of bytes with which the command has to be repeated (6Cxx); nil for another status.
    var exactLength: UInt8? {
        (0x6c00...0x6cff).contains(rawValue) ? UInt8(truncatingIfNeeded: rawValue) : nil
    }

    /// What it means; nil where no meaning is known.
    public var meaning: String? {
        switch rawValue {
        case 0x9000: "done"
        case 0x6100...0x61ff: "more bytes to get"
        case 0x63c0...0x63cf: "wrong PIN, \(rawValue & 15) tries left"
        case 0x6c00...0x6cff: "wrong length, repeat with \(rawValue & 0xff)"
        case 0x6700: "wrong length"
        case 0x6981: "wrong kind of file"
        case 0x6982: "security state not reached"
        case 0x6983: "PIN blocked"
        case 0x6984: "no random number was asked for"
        case 0x6985: "conditions of use not met"
        case 0x6988: "wrong secure messaging"
        case 0x6a80: "wrong data"
        case 0x6a81: "not supported, or card locked"
        case 0x6a82: "file not found"
        case 0x6a83: "record not found"
        case 0x6a86: "wrong P1 or P2"
        case 0x6b00: "wrong offset"
        case 0x6d00: "instruction not supported"
        case 0x6e00: "class not supported"
        case 0x9302: "wrong MAC"
        case 0x9303: "application locked"
        case 0x9401: "not enough money"
        case 0x9402: "transaction counter at its end"
        case 0x9403: "key not found"
        case 0x9406: "no MAC available"
        default: nil
        }
    }
}

extension StatusWord: CustomStringConvertible {
    /// Four hexadecimal digits, lower case.
    public var description: String {
        Hex.lower([UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue)])
    }
}
