/// Random bytes from the kernel's generator (getrandom(2)), fit for keys and identifiers.
///
/// The kernel's generator is seeded once the machine has booted, and asking it costs no state of
/// our own: libcrypto's would bring half a megabyte of tables into memory for a few bytes.
public func randomBytes(_ count: Int) -> [UInt8] {
    var kernel = SystemRandomNumberGenerator()
    return (0..<max(0, count)).map { _ in UInt8.random(in: .min ... .max, using: &kernel) }
}
