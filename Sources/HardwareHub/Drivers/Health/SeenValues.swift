/// Which stored measurements a device has sent already: the last 32, by fingerprint.
///
/// Blood pressure monitors and scales send again what was not confirmed in time, and some send all
/// that they store at each connection. A value that carries the time at which it was taken, or a
/// sequence number, is the same measurement when its bytes are the same; the year may be missing, since
/// nobody measures the same in the same second of another year. Two equal values without a time are
/// two measurements.
///
/// | key of the memory | bytes |
/// |---|---|
/// | `seen` | version 1, number of the slot that is written next |
/// | `seen.0` … `seen.31` | version 1, fingerprint (8, lowest first) |
///
/// Each fingerprint is a key of its own, so that of two that are being kept at once one may be
/// refused without taking the other along. What is not of this form counts as empty.
struct SeenValues: Hashable, Sendable {
    /// How many are remembered.
    static let slots = 32
    private static let version: UInt8 = 1

    private var fingerprints: [UInt64?]
    private var next: Int

    /// Reads what earlier connections left.
    init(_ memory: [String: [UInt8]]) {
        fingerprints = (0..<Self.slots).map { slot in
            guard let bytes = memory["seen.\(slot)"], bytes.count == 9, bytes[0] == Self.version
            else { return nil }
            return bytes[1...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let position = memory["seen"] ?? []
        next =
            position.count == 2 && position[0] == Self.version ? Int(position[1]) % Self.slots : 0
    }

    /// Looks at a measurement and remembers it.
    ///
    /// - Returns: the change of the memory, empty for one that nothing tells from another; nil when
    ///   it was sent before.
    mutating func take(_ measurement: Measurement) -> [String: [UInt8]?]? {
        guard Self.isRecognizable(measurement) else { return [:] }
        let fingerprint = Self.fingerprint(of: measurement.raw)
        guard !fingerprints.contains(fingerprint) else { return nil }
        let slot = next
        fingerprints[slot] = fingerprint
        next = (slot + 1) % Self.slots
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: fingerprint >> (8 * $0)) }
        return [
            "seen.\(slot)": [Self.version] + bytes,
            "seen": [Self.version, UInt8(truncatingIfNeeded: next)],
        ]
    }

    /// Whether a measurement says when it was taken, by a clock that was set, or which one it is.
    private static func isRecognizable(_ measurement: Measurement) -> Bool {
        if measurement.sequence != nil { return true }
        guard let time = measurement.deviceTime, !measurement.isClockUnset else { return false }
        return time.month != 0 && time.day != 0 && time.isValid
    }

    /// FNV-1a of 64 bits over characteristic, length and bytes: nobody gains by a collision but a
    /// device that wants its own values lost.
    private static func fingerprint(of raw: [RawValue]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        for value in raw {
            mix(value.characteristic.text.utf8)
            mix([UInt8(truncatingIfNeeded: value.bytes.count)])
            mix(value.bytes)
        }
        return hash
    }
}
