import Crypto
import HardwareHub
import TestSupport
import Testing

extension AirSyncCrypto {
    /// The real ciphers.
    static let openSSL = AirSyncCrypto(
        encryptCBC: AES128.encryptCBC(_:key:vector:), decryptCBC: AES128.decryptCBC(_:key:vector:),
        md5: Digest.md5)
}

extension DecodedFields.Value {
    /// Whether this is the value a vector expects; numbers compare as JSON numbers do.
    func equals(_ expected: Vector.Value) -> Bool {
        switch (self, expected) {
        case (.text(let text), .string(let other)): text == other
        case (.integer(let number), .number(let other)): Double(number) == other
        case (.decimal(let number), .number(let other)):
            // Both ways to the number: the text that is printed, and the value that is computed.
            Double(number.text) == other && number.double == other
        case (.bool(let flag), .bool(let other)): flag == other
        case (.list(let values), .list(let others)):
            values.count == others.count && zip(values, others).allSatisfy { $0.equals($1) }
        default: false
        }
    }
}

/// Parses, and says whether that worked; the value is not looked at.
func isAccepted<Value>(_ parse: () throws(MalformedValue) -> Value) -> Bool {
    (try? parse()) != nil
}

/// A number's lowest bytes, lowest first.
func little(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}
