/// The number on an ETC card's face: 20 digits, of which the first four name the network.
///
/// It is personal: its description shows the last four digits only, so that it cannot slip into a
/// log or a message. `digits` is for those who mean it.
public struct CardNumber: Hashable, Sendable {
    /// The network, four binary-coded digits.
    public let network: UInt16
    /// The number within the network, sixteen binary-coded digits.
    public let number: UInt64

    /// Makes a number from its binary-coded digits.
    public init(network: UInt16, number: UInt64) {
        self.network = network
        self.number = number
    }

    /// All 20 digits. A card that holds something else than digits shows as hexadecimal.
    public var digits: String { networkDigits + numberDigits }

    /// The network's four digits.
    public var networkDigits: String { hexadecimal(UInt64(network), digits: 4) }

    /// The sixteen digits behind the network's.
    public var numberDigits: String { hexadecimal(number, digits: 16) }
}

extension CardNumber: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `****************1234`.
    public var description: String {
        String(repeating: "*", count: 16) + hexadecimal(number & 0xffff, digits: 4)
    }

    /// Same as `description`.
    public var debugDescription: String { description }

    /// Nothing to look into: `dump` shows the description too.
    public var customMirror: Mirror { Mirror(self, children: [] as [Mirror.Child]) }
}

/// A vehicle's number plate, as the card names it: personal, as the card's number is.
public struct NumberPlate: Hashable, Sendable {
    /// All of it; empty when the card has none.
    public let text: String

    /// Makes a plate from its text.
    public init(text: String) { self.text = text }
}

extension NumberPlate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The province and asterisks: `京******`.
    public var description: String {
        String(text.prefix(1)) + String(repeating: "*", count: text.dropFirst().count)
    }

    /// Same as `description`.
    public var debugDescription: String { description }

    /// Nothing to look into: `dump` shows the description too.
    public var customMirror: Mirror { Mirror(self, children: [] as [Mirror.Child]) }
}
