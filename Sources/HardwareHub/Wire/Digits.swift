import BeaconScanner

/// Decimal digits with leading zeros.
func padded(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// The lowest hexadecimal digits, lower case; of a binary-coded decimal they are its digits.
func hexadecimal(_ number: UInt64, digits: Int) -> String {
    let bytes = stride(from: 56, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: number >> UInt64($0))
    }
    return String(Hex.lower(bytes).suffix(digits))
}
