internal import CCrypto

/// Random bytes from libcrypto's generator, fit for keys and identifiers.
public func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, count))
    guard let length = Int32(exactly: bytes.count), unsafe RAND_bytes(&bytes, length) == 1 else {
        // The generator is not seeded: the kernel's one always is, once booted.
        var kernel = SystemRandomNumberGenerator()
        return bytes.map { _ in UInt8.random(in: .min ... .max, using: &kernel) }
    }
    return bytes
}
