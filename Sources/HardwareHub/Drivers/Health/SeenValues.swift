/// Which stored measurements a device has sent already: the last 496, by fingerprint.
///
/// Blood pressure monitors and scales send again what was not confirmed in time, and some send all
/// that they store at each connection, up to some two hundred. A value that carries the time at which
/// it was taken, or a sequence number, is the same measurement when its bytes are the same; the year may
/// be missing, since nobody measures the same in the same second of another year. Two equal values
/// without a time are two measurements.
///
/// | key of the memory | bytes |
/// |---|---|
/// | `seen` | version 2, number of the slot that is written next (2, lowest first) |
/// | `seen.0` … `seen.61` | version 2, eight fingerprints (8 each, lowest first; zeros for none): slots n, n + 62 … |
///
/// Neighboring slots are in different keys, so that of what is being kept at once one may be refused
/// without taking the other along: nobody has more than 62 things being kept. Version 1 had one
/// fingerprint a key, in 32 of them, and one byte for the slot. What is not of these forms counts as
/// empty.
struct SeenValues: Hashable, Sendable {
    /// How many are remembered.
    static let slots = pages * pageSize
    /// As many as the memory of a device has keys for (`DeviceContext.memory`).
    private static let pages = 62
    private static let pageSize = 8
    private static let version: UInt8 = 2

    private var fingerprints: [UInt64?]
    private var known: Set<UInt64>
    private var next: Int

    /// Reads what earlier connections left.
    init(_ memory: [String: [UInt8]]) {
        var fingerprints = [UInt64?](repeating: nil, count: Self.slots)
        for page in 0..<Self.pages {
            let words = Self.words(memory["seen.\(page)"] ?? [], of: 8)
            for (index, word) in words.prefix(Self.pageSize).enumerated() where word != 0 {
                fingerprints[index * Self.pages + page] = word
            }
        }
        self.fingerprints = fingerprints
        known = Set(fingerprints.compactMap(\.self))
        let position = memory["seen"] ?? []
        let slot = Self.words(position, of: max(1, position.count - 1)).first ?? 0
        next = Int(slot % UInt64(Self.slots))
    }

    /// The numbers behind a version that is known, so many bytes each.
    private static func words(_ bytes: [UInt8], of size: Int) -> [UInt64] {
        guard let first = bytes.first, (1...version).contains(first), size <= 8 else { return [] }
        return stride(from: 1, through: bytes.count - size, by: size).map { start in
            bytes[start..<(start + size)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }

    /// Looks at a measurement and remembers it.
    ///
    /// - Parameters:
    ///   - measurement: what was sent.
    ///   - isStored: whether it is one of those that the device was asked for, which it sends each time:
    ///     then equal ones are the same also without a time.
    /// - Returns: the change of the memory, empty for one that nothing tells from another; nil when
    ///   it was sent before.
    mutating func take(
        _ measurement: Measurement, isStored: Bool = false
    ) -> [String: [UInt8]?]? {
        guard isStored || Self.isRecognizable(measurement) else { return [:] }
        let fingerprint = Self.fingerprint(of: measurement.raw)
        guard known.insert(fingerprint).inserted else { return nil }
        if let old = fingerprints[next] { known.remove(old) }
        fingerprints[next] = fingerprint
        let page = next % Self.pages
        next = (next + 1) % Self.slots
        let slots = stride(from: page, to: Self.slots, by: Self.pages)
        return [
            "seen.\(page)": [Self.version] + slots.flatMap { Self.bytes(fingerprints[$0] ?? 0, 8) },
            "seen": [Self.version] + Self.bytes(UInt64(next), 2),
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
            mix(value.characteristic == 0x2a5e ? asMade(value.bytes) : value.bytes)
        }
        return hash
    }

    /// A spot-check as it was when it was made: the status "from storage" (bit 9) is of the way that it
    /// came, and not of the measurement.
    private static func asMade(_ spotCheck: [UInt8]) -> [UInt8] {
        guard let flags = spotCheck.first, flags & 2 != 0 else { return spotCheck }
        // Flags, two SFLOATs, the time where bit 0 announces it; then the status, lowest byte first.
        let high = (flags & 1 == 0 ? 5 : 12) + 1
        guard high < spotCheck.count else { return spotCheck }
        var bytes = spotCheck
        bytes[high] &= ~0x02
        return bytes
    }
}
